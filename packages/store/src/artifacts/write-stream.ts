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
 * Writes chunks from `position` on. The next one is fetched and hashed while the disk takes the one before, and no more than
 * that, so that a fast source waits for the disk. A source must leave the bytes of a chunk alone that it has given.
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
  let writing = Promise.resolve();
  try {
    for await (const chunk of input.source) {
      if (position + chunk.byteLength > input.bytesMax) throw input.tooLarge();
      input.hash?.update(chunk);
      await writing;
      writing = writeAll(input.file, chunk, position);
      // Its failure is met where it is awaited, which may be after the source has kept us waiting.
      writing.catch(() => undefined);
      position += chunk.byteLength;
    }
    await writing;
  } catch (error) {
    await writing.catch(() => undefined);
    throw asDiskFull(error);
  }
  return position;
}
