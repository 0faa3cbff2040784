/**
 * The process that reads a client's Parquet file: forked with an empty environment and bounded memory, killed by its
 * parent when it takes too much of either. A damaged or malicious file ends this process, not the service.
 */
import { AppError } from '@agon/contracts';
import { openBytes } from './parquet-file.ts';
import type { FromParquetChild } from './parquet-protocol.ts';
import { ParquetRows } from './parquet-rows.ts';
import { ProblemList } from './problem-list.ts';

const problems = new ProblemList();
const rows = new ParquetRows(problems, process.argv[3] === 'json' ? 'json' : 'refused');
const { bytes } = await openBytes(process.argv[2] ?? '');
const batches = rows.batches(bytes);

async function answer(): Promise<FromParquetChild> {
  try {
    const next = await batches.next();
    if (!next.done) return { kind: 'batch', batch: next.value };
    return { kind: 'end', notes: rows.notes, problems: problems.list() };
  } catch (error) {
    if (error instanceof AppError) return { kind: 'refused', code: error.code, message: error.message };
    throw error;
  }
}

process.on('message', () => {
  void answer().then((message) => process.send?.(message));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready' } satisfies FromParquetChild);
