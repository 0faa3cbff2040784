import type { BlobRef, HubRepoType } from '@agon/contracts';

/** A repository of the registry. Its content is in commits; what points at them are refs. */
export type HubRepoRecord = {
  id: string;
  accountId: string;
  type: HubRepoType;
  namespace: string;
  name: string;
  private: boolean;
  createdAt: Date;
  updatedAt: Date;
  /** Set while a deletion is under way: such a repo is found by nobody and its name is free. */
  deletedAt: Date | null;
};

/** A branch or a tag: a name for a commit. */
export type HubRefRecord = {
  repoId: string;
  kind: 'branch' | 'tag';
  name: string;
  commitId: string;
  createdAt: Date;
};

/** What a repo held at one time. Never changes. */
export type HubCommitRecord = {
  /** 40 hex digits, as git has them. */
  id: string;
  repoId: string;
  parentId: string | null;
  /** The blob with the list of files. */
  tree: BlobRef;
  files: number;
  bytes: number;
  title: string;
  description: string;
  /** The namespace of who made it. */
  author: string;
  createdAt: Date;
  /** Whether it is known to be made, and its blobs are held for good. */
  settled: boolean;
};

/** That a repo holds a blob: for ever, or until `expiresAt` where no commit has named it yet. */
export type HubBlobRecord = BlobRef & {
  repoId: string;
  accountId: string;
  expiresAt: Date | null;
};

/** Leave to send the bytes of one blob of a repo. Whoever knows the id may. */
export type HubUploadRecord = BlobRef & {
  id: string;
  repoId: string;
  accountId: string;
  /** Null where the bytes come in one piece. */
  partBytes: number | null;
  expiresAt: Date;
};

/** A piece of an upload: a blob of its own until all are there. */
export type HubPartRecord = BlobRef & {
  uploadId: string;
  number: number;
  expiresAt: Date;
};
