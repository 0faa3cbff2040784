import type { PushRecord } from '../ports/index.ts';
import type { DocumentOf } from './document.ts';
import { needed, schemaOf } from './schema-of.ts';

export type PushDocument = DocumentOf<PushRecord>;

export const pushSchema = schemaOf<PushDocument>(
  {
    _id: String,
    modelId: needed(String),
    jobId: needed(String),
    accountId: needed(String),
    where: needed(String),
    repo: needed(String),
    private: needed(Boolean),
    token: String,
    status: needed(String),
    attempts: needed(Number),
    progress: needed(Number),
    message: String,
    url: String,
    commit: String,
    askedAt: needed(Date),
    nextAttemptAt: Date,
    createdAt: needed(Date),
    updatedAt: needed(Date),
  },
  [
    [{ modelId: 1, createdAt: 1, _id: 1 }],
    [{ status: 1, nextAttemptAt: 1 }],
    [{ status: 1, createdAt: 1, _id: 1 }],
    [{ repo: 1 }],
  ],
);
