import type { DatasetSource } from './dataset-source.ts';
import { openTable } from './open-table.ts';
import { ProblemList } from './problem-list.ts';

/**
 * The names of a file's columns, from its beginning; none where nothing can be read.
 *
 * @throws AppError `dataset_unreadable` or `dataset_too_large`.
 */
export async function peekNames(
  source: DatasetSource,
  options: { signal?: AbortSignal | undefined },
): Promise<readonly string[]> {
  const reader = await openTable(source, { problems: new ProblemList(), nested: 'json', signal: options.signal });
  for await (const batch of reader.batches) return batch.columns;
  return [];
}
