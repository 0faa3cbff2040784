import { createHash, randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type BlobRef } from '@agon/contracts';
import type { ByteSource } from '../ports/index.ts';
import { blobPath, type Folders, moveDurably } from './folders.ts';
import { asDiskFull, writeChunks } from './write-stream.ts';

/** Bytes that are on the disk whole, under a name that only we know: no blob yet. */
export type TemporaryBlob = BlobRef & {
  /** Makes it a blob. Also over an equal one: its age starts again, so nobody removes it before it is referred to. */
  keep(): Promise<void>;
  discard(): Promise<void>;
};

/**
 * Writes a stream to a new file and hashes it on the way.
 *
 * @throws AppError `file_too_large`, `disk_full`, and whatever the source throws; then nothing is left.
 */
export async function writeTemporary(
  folders: Folders,
  source: ByteSource,
  bytesMax = Number.POSITIVE_INFINITY,
): Promise<TemporaryBlob> {
  const path = join(folders.temporary, randomUUID());
  const discard = () => rm(path, { force: true });
  try {
    const ref = await writeFileOf(path, source, bytesMax);
    return { ...ref, discard, keep: () => moveDurably(path, blobPath(folders, ref.sha256)) };
  } catch (error) {
    await discard();
    throw asDiskFull(error);
  }
}

async function writeFileOf(path: string, source: ByteSource, bytesMax: number): Promise<BlobRef> {
  const hash = createHash('sha256');
  const tooLarge = () => new AppError('file_too_large', `The file has more than ${bytesMax} bytes.`);
  const file = await open(path, 'wx');
  try {
    const bytes = await writeChunks({ file, position: 0, bytesMax, tooLarge, source, hash });
    await file.sync();
    return { sha256: hash.digest('hex'), bytes };
  } finally {
    await file.close();
  }
}
