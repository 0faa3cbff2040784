import { createHash, type Hash } from 'node:crypto';
import { AppError, type BlobRef, type CompleteFileUpload } from '@agon/contracts';
import type { ArtifactStore, FileUploadRecord, UploadPartRecord } from '@agon/store';
import { releaseBlobs } from '../artifacts/release-blob.ts';
import type { RouteDeps } from '../deps.ts';

/**
 * The parts that are named, in their order.
 *
 * @throws AppError `file_upload_parts_wrong` where one is not of this upload or named twice, or they do not add up.
 */
export function partsInOrder(
  upload: Pick<FileUploadRecord, 'bytes'>,
  parts: readonly UploadPartRecord[],
  ids: readonly string[],
): UploadPartRecord[] {
  const refuse = (message: string): never => {
    throw new AppError('file_upload_parts_wrong', message, { param: 'part_ids' });
  };
  if (new Set(ids).size < ids.length) refuse('part_ids: names a part twice.');
  const byId = new Map(parts.map((part) => [part.id, part]));
  const named = ids.map((id) => byId.get(id) ?? refuse(`part_ids: ${id} is no part of this upload.`));
  const bytes = named.reduce((sum, part) => sum + part.bytes, 0);
  if (bytes !== upload.bytes) {
    refuse(`part_ids: these parts have ${bytes} bytes, but the upload was announced with ${upload.bytes}.`);
  }
  return named;
}

async function* bytesOf(
  artifacts: Pick<ArtifactStore, 'read'>,
  parts: readonly UploadPartRecord[],
  hash: Hash,
): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    for await (const chunk of artifacts.read(part.sha256)) {
      hash.update(chunk);
      yield chunk;
    }
  }
}

/**
 * Writes the parts as one blob, as a stream.
 *
 * @throws AppError `file_upload_md5_mismatch`, `disk_full`.
 */
export async function joinParts(
  deps: Pick<RouteDeps, 'artifacts' | 'stores' | 'log'>,
  parts: readonly UploadPartRecord[],
  md5: CompleteFileUpload['md5'],
): Promise<BlobRef> {
  const hash = createHash('md5');
  const { sha256, bytes } = await deps.artifacts.put(bytesOf(deps.artifacts, parts, hash));
  const found = hash.digest('hex');
  if (!md5 || md5.toLowerCase() === found) return { sha256, bytes };
  await releaseBlobs(deps, [{ sha256 }]);
  throw new AppError('file_upload_md5_mismatch', `The parts together have the md5 ${found}.`, { param: 'md5' });
}
