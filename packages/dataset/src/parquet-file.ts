import { open } from 'node:fs/promises';
import { AppError } from '@agon/contracts';
import type { AsyncBuffer, FileMetaData } from 'hyparquet';
import { parquetMetadataAsync } from 'hyparquet';
import { counted } from './say.ts';

/** A footer names every chunk of every column; larger ones than this are damaged, or bombs. */
const footerBytesMax = 8 * 1024 * 1024;

/** A Parquet file and what its footer says. */
export type ParquetFile = { readonly bytes: AsyncBuffer; readonly metadata: FileMetaData };

/** @throws AppError `dataset_unreadable` where the file is damaged. */
export async function readFooter(bytes: AsyncBuffer): Promise<ParquetFile> {
  await checkFooter(bytes);
  const metadata = await parquetMetadataAsync(bytes, { geoparquet: false }).catch((error: unknown) => {
    throw damaged(String(error instanceof Error ? error.message : error), error);
  });
  checkMetadata(metadata);
  return { bytes, metadata };
}

/** Why a Parquet file cannot be read. */
export const damaged = (why: string, cause?: unknown): AppError =>
  new AppError('dataset_unreadable', `The Parquet file cannot be read (${why}); write it again.`, {}, cause);

/** A file of this machine, for reading at any place. */
export async function openBytes(path: string): Promise<{ bytes: AsyncBuffer; close(): Promise<void> }> {
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

async function checkFooter(bytes: AsyncBuffer): Promise<void> {
  if (bytes.byteLength < 12) throw damaged('it ends too early');
  const tail = new DataView(await bytes.slice(bytes.byteLength - 8, bytes.byteLength));
  if (tail.getUint32(4, true) !== 0x31524150) throw damaged('it ends too early: the upload or the writer was cut off');
  const footerBytes = tail.getUint32(0, true);
  if (footerBytes > footerBytesMax) throw damaged(`its footer has ${counted(footerBytes)} bytes`);
}

/** The reader of footers takes fields as they come: names may be missing, counts may be negative. */
function checkMetadata({ schema, row_groups, num_rows }: FileMetaData): void {
  const isCount = (value: unknown) => typeof value === 'bigint' && value >= 0n && value < 2n ** 53n;
  const good =
    isCount(num_rows) &&
    Array.isArray(schema) &&
    schema.every(({ name }) => typeof name === 'string') &&
    Array.isArray(row_groups) &&
    row_groups.every((group) => isCount(group.num_rows) && Array.isArray(group.columns));
  if (!good) throw damaged('its footer is damaged');
}
