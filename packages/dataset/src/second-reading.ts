import { rowNormaliser, type TableLayout } from '@agon/domain';
import type { DatasetSource } from './dataset-source.ts';
import { openTable } from './open-table.ts';
import { ProblemList } from './problem-list.ts';

/** A row that is kept: its cells as the parts have them, in the order of `table.columns`, and its target. */
export type KeptRow = { readonly cells: string[]; readonly target: string; readonly stratum: number };

/**
 * Reads a dataset again and hands out the rows that are kept, in file order, batch by batch. Rows that cannot be read
 * are left out; the first reading has refused datasets that have them.
 */
export async function* keptRows(
  source: DatasetSource,
  layout: TableLayout,
  options: { signal?: AbortSignal | undefined },
): AsyncGenerator<readonly KeptRow[]> {
  const normalise = rowNormaliser(layout);
  const reader = await openTable(source, { problems: new ProblemList(), signal: options.signal });
  for await (const batch of reader.batches) {
    const kept: KeptRow[] = [];
    for (const cells of batch.rows) {
      if (cells === null) continue;
      const row = normalise(cells);
      if (row.status === 'kept') kept.push(row);
    }
    yield kept;
  }
}
