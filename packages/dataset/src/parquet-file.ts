import { open } from 'node:fs/promises';
import { AppError } from '@agon/contracts';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { parquetMetadataAsync } from 'hyparquet';
import type { DatasetSource } from './dataset-source.ts';
import { counted } from './say.ts';

/** A Parquet file without a path on the disk is read into memory, if it is not larger than this. */
const bytesInMemoryMax = 64 * 1024 * 1024;
/** A footer names every chunk of every column; larger ones than this are damaged, or bombs. */
const footerBytesMax = 8 * 1024 * 1024;

/** A Parquet file opened for reading at any place. */
export type ParquetFile = { readonly bytes: AsyncBuffer; readonly metadata: FileMetaData; close(): Promise<void> };

/** @throws AppError `dataset_unreadable` where the file is damaged. */
export async function openParquet(source: DatasetSource): Promise<ParquetFile> {
  const file = source.localPath ? await openPath(await source.localPath()) : await openBytes(source);
  try {
    await checkFooter(file.bytes);
    const metadata = await parquetMetadataAsync(file.bytes, { geoparquet: false }).catch((error: unknown) => {
      throw damaged(String(error instanceof Error ? error.message : error), error);
    });
    return { ...file, metadata };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Why a Parquet file cannot be read. */
export const damaged = (why: string, cause?: unknown): AppError =>
  new AppError('dataset_unreadable', `The Parquet file cannot be read (${why}); write it again.`, {}, cause);

async function openPath(path: string): Promise<{ bytes: AsyncBuffer; close(): Promise<void> }> {
  const handle = await open(path, 'r');
  const byteLength = (await handle.stat()).size;
  const slice = async (start: number, end = byteLength): Promise<ArrayBuffer> => {
    const buffer = new ArrayBuffer(Math.max(0, Math.min(end, byteLength) - start));
    const view = new Uint8Array(buffer);
    for (let at = 0; at < view.byteLength; ) {
      const { bytesRead } = await handle.read(view, at, view.byteLength - at, start + at);
      if (bytesRead === 0) throw new Error('The file became shorter while it was read.');
      at += bytesRead;
    }
    return buffer;
  };
  return { bytes: { byteLength, slice }, close: () => handle.close() };
}

async function openBytes(source: DatasetSource): Promise<{ bytes: AsyncBuffer; close(): Promise<void> }> {
  if (source.bytes > bytesInMemoryMax) {
    throw new Error('A Parquet source of this size needs localPath: Parquet is read at random places.');
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of source.open()) pieces.push(piece);
  const whole = new Uint8Array(Buffer.concat(pieces));
  const slice = (start: number, end?: number): ArrayBuffer => whole.buffer.slice(start, end);
  return { bytes: { byteLength: whole.byteLength, slice }, close: async () => {} };
}

async function checkFooter(bytes: AsyncBuffer): Promise<void> {
  if (bytes.byteLength < 12) throw damaged('it ends too early');
  const tail = new DataView(await bytes.slice(bytes.byteLength - 8, bytes.byteLength));
  if (tail.getUint32(4, true) !== 0x31524150) throw damaged('it ends too early: the upload or the writer was cut off');
  const footerBytes = tail.getUint32(0, true);
  if (footerBytes > footerBytesMax) throw damaged(`its footer has ${counted(footerBytes)} bytes`);
}
