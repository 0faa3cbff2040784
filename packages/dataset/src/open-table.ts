import { AppError, limits } from '@agon/contracts';
import { bytePieces, readHead } from './byte-pieces.ts';
import { csvTable } from './csv-table.ts';
import type { DatasetSource } from './dataset-source.ts';
import { detectFormat, headBytes } from './detect-format.ts';
import { jsonlTable, type NestedValues } from './jsonl-table.ts';
import { parquetTable } from './parquet-table.ts';
import type { ProblemList } from './problem-list.ts';
import { counted } from './say.ts';
import type { TableReader } from './table-reader.ts';

/**
 * Begins to read a dataset, whose format its first bytes tell.
 *
 * @throws AppError `dataset_unreadable` where it is no table, `dataset_too_large` past the limit of bytes.
 */
export async function openTable(
  source: DatasetSource,
  options: { problems: ProblemList; signal?: AbortSignal | undefined; nested?: NestedValues },
): Promise<TableReader> {
  if (source.bytes > limits.datasetBytesMax) {
    const message = `The dataset has ${counted(source.bytes)} bytes; the limit is ${counted(limits.datasetBytesMax)}.`;
    throw new AppError('dataset_too_large', message);
  }
  const format = detectFormat(await readHead(source.open(), headBytes), source.filename);
  if (format === 'parquet') return parquetTable(source, options);
  const bytes = bytePieces(source.open(), { signal: options.signal });
  return format === 'jsonl' ? jsonlTable(bytes, options.problems, options.nested) : csvTable(bytes, options.problems);
}
