import type { Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { AppError } from '@agon/contracts';

const noRoom = new Set(['ENOSPC', 'EDQUOT']);

/** Turns "no room on the disk" into `disk_full`; every other error stays as it is. */
export function asDiskFull(error: unknown): unknown {
  const { code } = (error ?? {}) as { code?: unknown };
  return noRoom.has(String(code)) ? new AppError('disk_full', 'The disk has no room left.', {}, error) : error;
}

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.byteLength - done, position + done);
    done += bytesWritten;
  }
}

/**
 * Writes chunks from `position` on, one at a time, so that a fast source waits for the disk. The hash is taken while the
 * disk works.
 *
 * @param tooLarge makes the error for a chunk that would pass `bytesMax` (counted from the start of the file).
 * @returns the position after the last byte.
 * @throws AppError `disk_full`, and whatever the source throws; what was written until then stays.
 */
export async function writeChunks(input: {
  file: FileHandle;
  position: number;
  bytesMax: number;
  tooLarge: () => AppError;
  source: AsyncIterable<Uint8Array>;
  hash?: Hash;
}): Promise<number> {
  let { position } = input;
  for await (const chunk of input.source) {
    if (position + chunk.byteLength > input.bytesMax) throw input.tooLarge();
    const writing = writeAll(input.file, chunk, position).catch((error: unknown) => {
      throw asDiskFull(error);
    });
    input.hash?.update(chunk);
    await writing;
    position += chunk.byteLength;
  }
  return position;
}
