import type { BlobRef, FileUploadStatus } from '@agon/contracts';
import type { FileRecord } from './records.ts';

/** A client's file that arrives in parts. */
export type FileUploadRecord = {
  id: string;
  accountId: string;
  bytes: number;
  filename: string;
  purpose: FileRecord['purpose'];
  /** Of the file that it becomes; null for never. */
  fileSeconds: number | null;
  status: FileUploadStatus;
  /** Parts that came in, and their bytes; some may have been sent again. */
  parts: number;
  received: number;
  /** What it was completed from, and the file that it became. */
  partIds: string[] | null;
  file: (BlobRef & { id: string }) | null;
  createdAt: Date;
  expiresAt: Date;
  /** When somebody has to look whether its end is complete: the file is there, the parts are gone. Null once it is. */
  dueAt: Date | null;
  /** When it is forgotten. */
  goneAt: Date;
};

/** A part is a blob of its own, so one that breaks off leaves nothing and is sent again. */
export type UploadPartRecord = BlobRef & { id: string; uploadId: string; createdAt: Date; goneAt: Date };

export type FileUploadStore = {
  insert(upload: FileUploadRecord): Promise<void>;
  find(uploadId: string): Promise<FileUploadRecord | undefined>;
  /**
   * Keeps a part of a pending upload. Answers false where it is not pending any more, its time is over, or it would have
   * more parts than `partsMax` or bytes than `bytesMax`.
   */
  addPart(input: { part: UploadPartRecord; now: Date; partsMax: number; bytesMax: number }): Promise<boolean>;
  listParts(uploadId: string): Promise<UploadPartRecord[]>;
  /** pending → completed, while its time is not over. The blob of the file is held until the upload is settled. */
  complete(input: {
    uploadId: string;
    partIds: string[];
    file: BlobRef & { id: string };
    now: Date;
    dueAt: Date;
  }): Promise<FileUploadRecord | undefined>;
  /** pending → cancelled or expired. */
  end(input: { uploadId: string; to: 'cancelled' | 'expired'; dueAt: Date }): Promise<FileUploadRecord | undefined>;
  /** Forgets the parts and answers them, so that their blobs can go. */
  deleteParts(uploadId: string): Promise<UploadPartRecord[]>;
  /** Nothing is left to do for it. */
  settle(uploadId: string): Promise<void>;
  /** Uploads at which somebody has to look, the longest due first. */
  listDue(query: { now: Date; limit: number }): Promise<FileUploadRecord[]>;
};

/** The file that a completed upload is. */
export function fileOfUpload(upload: FileUploadRecord, file: BlobRef & { id: string }): FileRecord {
  const { accountId, filename, purpose, fileSeconds, createdAt } = upload;
  const expiresAt = fileSeconds === null ? null : new Date(createdAt.getTime() + fileSeconds * 1_000);
  return { ...file, accountId, filename, purpose, createdAt, expiresAt };
}
