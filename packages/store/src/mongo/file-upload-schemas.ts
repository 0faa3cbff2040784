import type { FileUploadRecord, UploadPartRecord } from '../ports/index.ts';
import type { DocumentOf } from './document.ts';
import { Mixed, needed, schemaOf } from './schema-of.ts';

/** `blobs` holds the blob of a file that is not written down yet. */
export type FileUploadDocument = DocumentOf<FileUploadRecord> & { blobs: string[] };
export type UploadPartDocument = DocumentOf<UploadPartRecord>;

const forgotten = [{ goneAt: 1 }, { expireAfterSeconds: 0 }] as const;

export const fileUploadSchema = schemaOf<FileUploadDocument>(
  {
    _id: String,
    accountId: needed(String),
    bytes: needed(Number),
    filename: String,
    purpose: needed(String),
    fileSeconds: Number,
    status: needed(String),
    parts: needed(Number),
    received: needed(Number),
    partIds: Mixed,
    file: Mixed,
    createdAt: needed(Date),
    expiresAt: needed(Date),
    dueAt: Date,
    goneAt: needed(Date),
    blobs: [String],
  },
  [[{ dueAt: 1 }, { partialFilterExpression: { dueAt: { $type: 'date' } } }], [{ blobs: 1 }], forgotten],
);

export const uploadPartSchema = schemaOf<UploadPartDocument>(
  {
    _id: String,
    uploadId: needed(String),
    bytes: needed(Number),
    sha256: needed(String),
    createdAt: needed(Date),
    goneAt: needed(Date),
  },
  [[{ uploadId: 1, _id: 1 }], [{ sha256: 1 }], forgotten],
);
