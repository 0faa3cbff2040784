import type { HubRepoType } from '@agon/contracts';
import type {
  HubBlobRecord,
  HubCommitRecord,
  HubPartRecord,
  HubRefRecord,
  HubRepoRecord,
  HubUploadRecord,
} from './hub-records.ts';

export type HubRepoName = { readonly type: HubRepoType; readonly namespace: string; readonly name: string };

export type HubRepoStore = {
  /** Answers false where a repo has the name, whatever the case. */
  insert(repo: HubRepoRecord): Promise<boolean>;
  find(repoId: string): Promise<HubRepoRecord | undefined>;
  /** Whatever the case of the name. */
  findByName(name: HubRepoName): Promise<HubRepoRecord | undefined>;
  /** Newest first: public ones, and all of `readerId`. `search` is a part of `namespace/name`, whatever the case. */
  list(query: {
    type: HubRepoType;
    limit: number;
    after?: string | undefined;
    namespace?: string | undefined;
    search?: string | undefined;
    readerId?: string | undefined;
  }): Promise<HubRepoRecord[]>;
  update(
    repoId: string,
    set: Partial<Pick<HubRepoRecord, 'private' | 'updatedAt'>>,
  ): Promise<HubRepoRecord | undefined>;
  /** From here on nobody finds it by name. Answers undefined where it was deleted before. */
  markDeleted(repoId: string, now: Date): Promise<HubRepoRecord | undefined>;
  listDeleted(limit: number): Promise<HubRepoRecord[]>;
  /** Removes the record; last, after all that belongs to it. */
  remove(repoId: string): Promise<void>;
};

export type HubRefStore = {
  /** Answers false where the repo has a ref of the kind and name. */
  insert(ref: HubRefRecord): Promise<boolean>;
  /** By name; a branch before a tag. */
  find(query: { repoId: string; name: string }): Promise<HubRefRecord | undefined>;
  list(repoId: string): Promise<HubRefRecord[]>;
  /** Moves a branch on by compare-and-set: only where it still is at `from`. */
  advance(move: { repoId: string; name: string; from: string; to: string }): Promise<boolean>;
  /** Answers false where there was none. */
  delete(ref: Pick<HubRefRecord, 'repoId' | 'kind' | 'name'>): Promise<boolean>;
  deleteByRepo(repoId: string): Promise<void>;
};

export type HubCommitStore = {
  insert(commit: HubCommitRecord): Promise<void>;
  find(query: { repoId: string; commitId: string }): Promise<HubCommitRecord | undefined>;
  /** Says that its blobs are held for good. */
  settle(commitId: string): Promise<void>;
  /** Those that a crash may have left half made: not settled, and older than `before`. */
  listUnsettled(query: { before: Date; limit: number }): Promise<HubCommitRecord[]>;
  /** Whether another commit was begun on top of it; that is done on the head of a branch only. */
  hasChild(query: { repoId: string; commitId: string }): Promise<boolean>;
  delete(commitId: string): Promise<void>;
  deleteByRepo(repoId: string): Promise<void>;
};

export type HubBlobStore = {
  /** Lets a repo hold blobs. Who holds one for ever keeps it so; a time may grow and never shrinks. */
  hold(blobs: readonly HubBlobRecord[]): Promise<void>;
  /**
   * Which of these the account has: in its repos, files or models, or in base models, which everyone may read. To know a
   * hash is not to have the bytes.
   */
  listOwned(query: { accountId: string; sha256s: readonly string[] }): Promise<Set<string>>;
  deleteByRepo(repoId: string): Promise<void>;
};

export type HubUploadStore = {
  insertMany(uploads: readonly HubUploadRecord[]): Promise<void>;
  find(uploadId: string): Promise<HubUploadRecord | undefined>;
  /** Ends an upload and forgets its parts. */
  delete(uploadId: string): Promise<void>;
  /** A part that is sent again replaces the one before. */
  putPart(part: HubPartRecord): Promise<void>;
  /** By number. */
  listParts(uploadId: string): Promise<HubPartRecord[]>;
  deleteByRepo(repoId: string): Promise<void>;
};

export type HubStores = {
  readonly repos: HubRepoStore;
  readonly refs: HubRefStore;
  readonly commits: HubCommitStore;
  readonly blobs: HubBlobStore;
  readonly uploads: HubUploadStore;
};
