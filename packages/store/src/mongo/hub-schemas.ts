import type {
  HubBlobRecord,
  HubCommitRecord,
  HubPartRecord,
  HubRefRecord,
  HubRepoRecord,
  HubUploadRecord,
} from '../ports/index.ts';
import type { DocumentOf } from './document.ts';
import { gone, needed, schemaOf } from './schema-of.ts';

/** `key` is the name that must be unique, in lower case; a repo that is being deleted has none. */
export type HubRepoDocument = DocumentOf<HubRepoRecord> & { key?: string; fullName: string };
export type HubRefDocument = HubRefRecord & { _id: string };
export type HubCommitDocument = Omit<HubCommitRecord, 'id' | 'tree'> & {
  _id: string;
  treeSha256: string;
  treeBytes: number;
};
export type HubBlobDocument = HubBlobRecord & { _id: string };
export type HubUploadDocument = DocumentOf<HubUploadRecord>;
export type HubPartDocument = HubPartRecord & { _id: string };

export const hubRepoSchema = schemaOf<HubRepoDocument>(
  {
    _id: String,
    accountId: needed(String),
    type: { type: String, required: true },
    namespace: needed(String),
    name: needed(String),
    private: needed(Boolean),
    createdAt: needed(Date),
    updatedAt: needed(Date),
    deletedAt: Date,
    key: String,
    fullName: needed(String),
  },
  [
    [{ key: 1 }, { unique: true, partialFilterExpression: { key: { $type: 'string' } } }],
    [{ type: 1, namespace: 1, _id: -1 }],
    [{ deletedAt: 1 }, { sparse: true }],
  ],
);

export const hubRefSchema = schemaOf<HubRefDocument>(
  {
    _id: String,
    repoId: needed(String),
    kind: needed(String),
    name: needed(String),
    commitId: needed(String),
    createdAt: needed(Date),
  },
  [[{ repoId: 1, name: 1 }]],
);

export const hubCommitSchema = schemaOf<HubCommitDocument>(
  {
    _id: String,
    repoId: needed(String),
    parentId: String,
    treeSha256: needed(String),
    treeBytes: needed(Number),
    files: needed(Number),
    bytes: needed(Number),
    title: String,
    description: String,
    author: needed(String),
    createdAt: needed(Date),
    settled: needed(Boolean),
  },
  [[{ repoId: 1, parentId: 1 }], [{ settled: 1, createdAt: 1 }]],
);

export const hubBlobSchema = schemaOf<HubBlobDocument>(
  {
    _id: String,
    repoId: needed(String),
    accountId: needed(String),
    sha256: needed(String),
    bytes: needed(Number),
    expiresAt: Date,
  },
  [[{ repoId: 1 }], [{ sha256: 1, accountId: 1 }], gone],
);

export const hubUploadSchema = schemaOf<HubUploadDocument>(
  {
    _id: String,
    repoId: needed(String),
    accountId: needed(String),
    sha256: needed(String),
    bytes: needed(Number),
    partBytes: Number,
    expiresAt: needed(Date),
  },
  [[{ repoId: 1 }], gone],
);

export const hubPartSchema = schemaOf<HubPartDocument>(
  {
    _id: String,
    uploadId: needed(String),
    number: needed(Number),
    sha256: needed(String),
    bytes: needed(Number),
    expiresAt: needed(Date),
  },
  [[{ uploadId: 1, number: 1 }], [{ sha256: 1 }], gone],
);
