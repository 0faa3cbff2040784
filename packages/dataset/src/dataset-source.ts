import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';

/** A dataset's bytes, to be read as often as needed. */
export type DatasetSource = {
  readonly filename: string;
  readonly bytes: number;
  /** Begins to read anew. */
  open(): AsyncIterable<Uint8Array>;
  /** A path on this machine's disk with the same bytes: Parquet is read at random places. */
  readonly localPath?: () => Promise<string>;
};

/** A dataset that is in memory. */
export const sourceOfBytes = (input: { filename: string; bytes: Uint8Array }): DatasetSource => ({
  filename: input.filename,
  bytes: input.bytes.byteLength,
  async *open() {
    yield input.bytes;
  },
});

/** A dataset in a file of this machine. */
export const sourceOfFile = async (path: string, filename = basename(path)): Promise<DatasetSource> => ({
  filename,
  bytes: (await stat(path)).size,
  open: () => createReadStream(path, { highWaterMark: 256 * 1024 }),
  localPath: async () => path,
});
