import { AppError, type FileUpload, FileUploadId } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { FileUploadRecord, Stores } from '@agon/store';
import { z } from 'zod';
import { fileWire } from '../files/file-wire.ts';

export const UploadParams = z.object({ upload_id: FileUploadId });

/** An upload as clients read it, with its file where it has become one that is still there. */
export async function uploadWire(stores: Pick<Stores, 'files'>, upload: FileUploadRecord): Promise<FileUpload> {
  const file = upload.file ? await stores.files.find(upload.file.id) : undefined;
  return {
    id: upload.id,
    object: 'upload',
    bytes: upload.bytes,
    created_at: unixSeconds(upload.createdAt),
    expires_at: unixSeconds(upload.expiresAt),
    filename: upload.filename,
    purpose: upload.purpose,
    status: upload.status,
    file: file ? fileWire(file) : null,
  };
}

/** @throws AppError `file_upload_not_found`, also where it is another account's. */
export async function findUpload(
  stores: Pick<Stores, 'fileUploads'>,
  owned: { uploadId: string; accountId: string },
): Promise<FileUploadRecord> {
  const upload = await stores.fileUploads.find(owned.uploadId);
  if (upload?.accountId === owned.accountId) return upload;
  throw new AppError('file_upload_not_found', `There is no upload ${owned.uploadId}.`);
}

/** @throws AppError `file_upload_ended` where no part and no completion is taken any more. */
export function checkPending(upload: FileUploadRecord, now: Date): void {
  if (upload.status !== 'pending') {
    throw new AppError('file_upload_ended', `The upload ${upload.id} is ${upload.status}.`);
  }
  if (upload.expiresAt <= now) throw new AppError('file_upload_ended', `The upload ${upload.id} took too long.`);
}
