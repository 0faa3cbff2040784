import { AppError } from '@agon/contracts';
import { type FileUploadRecord, fileOfUpload } from '@agon/store';
import { nowDate, type SchedulerDeps } from '../scheduler-deps.ts';

const batch = 100;

/**
 * Ends clients' uploads whose time is over, and finishes what a crash left at the end of others: the file of a completed
 * one, the parts. The parts' blobs are garbage then. Answers how many it settled.
 */
export async function expireFileUploads(deps: SchedulerDeps): Promise<number> {
  const now = nowDate(deps);
  const due = await deps.stores.fileUploads.listDue({ now, limit: batch });
  for (const upload of due) await settle(deps, upload, now);
  return due.length;
}

async function settle(deps: SchedulerDeps, upload: FileUploadRecord, now: Date): Promise<void> {
  const { files, fileUploads } = deps.stores;
  if (upload.status === 'pending') {
    const expired = await fileUploads.end({ uploadId: upload.id, to: 'expired', dueAt: now });
    // Completed a moment ago: whoever did that settles it.
    if (!expired) return;
  }
  if (upload.file && (await deps.artifacts.stat(upload.file.sha256))) {
    await files.insert(fileOfUpload(upload, upload.file));
  } else if (upload.file) {
    deps.log.warn(
      { err: new AppError('upload_incomplete', 'The bytes have gone.'), upload: upload.id },
      'an upload is lost',
    );
  }
  await fileUploads.deleteParts(upload.id);
  await fileUploads.settle(upload.id);
}
