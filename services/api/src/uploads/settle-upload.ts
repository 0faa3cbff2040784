import { AppError } from '@agon/contracts';
import { type FileUploadRecord, fileOfUpload } from '@agon/store';
import { releaseBlobs } from '../artifacts/release-blob.ts';
import type { RouteDeps } from '../deps.ts';
import { joinParts, partsInOrder } from './join-parts.ts';

/**
 * Finishes what the end of an upload leaves to do: a completed one becomes a file, then the parts go. Safe to repeat; what
 * a crash leaves out, the next request or the reconciler does.
 *
 * @throws AppError `upload_incomplete` where the bytes have gone and the parts too.
 */
export async function settleUpload(deps: RouteDeps, upload: FileUploadRecord): Promise<void> {
  if (upload.dueAt === null) return;
  if (upload.file) {
    await holdBlob(deps, upload, upload.file);
    await deps.stores.files.insert(fileOfUpload(upload, upload.file));
  }
  const parts = await deps.stores.fileUploads.deleteParts(upload.id);
  await deps.stores.fileUploads.settle(upload.id);
  await releaseBlobs(deps, parts);
}

/** Another file with the same bytes may have been deleted between joining the parts and naming the blob. */
async function holdBlob(
  deps: RouteDeps,
  upload: FileUploadRecord,
  file: NonNullable<FileUploadRecord['file']>,
): Promise<void> {
  if (await deps.artifacts.stat(file.sha256)) return;
  const parts = await deps.stores.fileUploads.listParts(upload.id);
  if (parts.length === 0)
    throw new AppError('upload_incomplete', 'The bytes of the upload have gone; send them again.');
  await joinParts(deps, partsInOrder(upload, parts, upload.partIds ?? []), undefined);
}
