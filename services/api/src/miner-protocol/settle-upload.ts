import { AppError } from '@agon/contracts';
import type { UploadRecord } from '@agon/store';
import type { RouteDeps } from '../deps.ts';

/**
 * Ends an upload whose bytes are all there: the service hashes them itself. What does not fit is discarded, and the
 * upload can begin again from 0.
 *
 * @throws AppError `upload_hash_mismatch`.
 */
export async function settleUpload(
  deps: Pick<RouteDeps, 'stores' | 'artifacts' | 'metrics'>,
  upload: UploadRecord,
): Promise<void> {
  const { id, sha256, bytes } = upload;
  if (!(await deps.artifacts.staging.commit(id, { sha256, bytes }))) {
    await deps.artifacts.staging.create(id);
    throw new AppError('upload_hash_mismatch', `The bytes of ${upload.path} do not have the committed sha256.`);
  }
  const received = await deps.stores.uploads.receive(id);
  if (received) deps.metrics.uploadedBytes.inc({ kind: 'model' }, bytes);
}
