import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError, type DatasetNote } from '@agon/contracts';
import type { DatasetSource } from './dataset-source.ts';
import type { NestedValues } from './jsonl-table.ts';
import { ParquetProcess } from './parquet-process.ts';
import type { ProblemList } from './problem-list.ts';
import type { RowBatch, TableReader } from './table-reader.ts';

type Options = { problems: ProblemList; signal?: AbortSignal | undefined; nested?: NestedValues };

/** Reads Parquet in a process of its own: a file can make its reader take any memory and time. */
export function parquetTable(source: DatasetSource, options: Options): TableReader {
  const notes: DatasetNote[] = [];
  return { format: 'parquet', notes, batches: batchesOf(source, options, notes) };
}

async function* batchesOf(source: DatasetSource, options: Options, notes: DatasetNote[]): AsyncGenerator<RowBatch> {
  options.signal?.throwIfAborted();
  const file = await pathOf(source);
  const reader = new ParquetProcess(file.path, { nested: options.nested });
  const stop = () => void reader.close(options.signal?.reason);
  options.signal?.addEventListener('abort', stop);
  try {
    let message = await reader.next();
    while (message.kind === 'batch') {
      yield message.batch;
      options.signal?.throwIfAborted();
      message = await reader.next();
    }
    if (message.kind === 'refused') throw new AppError(message.code, message.message);
    if (message.kind === 'ready') return;
    notes.push(...message.notes);
    for (const problem of message.problems) options.problems.addWhole(problem);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    await reader.close();
    await file.remove();
  }
}

/** A path for another process to read: the source's own, or that of a copy. */
async function pathOf(source: DatasetSource): Promise<{ path: string; remove: () => Promise<void> }> {
  if (source.localPath) return { path: await source.localPath(), remove: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'agon-dataset-'));
  const path = join(folder, 'dataset.parquet');
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await pipeline(Readable.from(source.open()), createWriteStream(path));
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
