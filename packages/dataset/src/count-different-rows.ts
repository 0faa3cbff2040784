import type { TableLayout } from '@agon/domain';
import type { DatasetSource } from './dataset-source.ts';
import { RowHash } from './row-hash.ts';
import { RowSet } from './row-set.ts';
import { keptRows } from './second-reading.ts';

/** Rows per stratum once exact duplicates (after normalising) are dropped, and how many were dropped. */
export async function countDifferentRows(
  source: DatasetSource,
  layout: TableLayout,
  options: { signal?: AbortSignal | undefined },
): Promise<{ rowsByStratum: number[]; duplicates: number }> {
  const rowsByStratum = new Array<number>(layout.target.classes?.length ?? 1).fill(0);
  const seen = new RowSet();
  const hash = new RowHash();
  let rows = 0;
  for await (const batch of keptRows(source, layout, options)) {
    for (const row of batch) {
      rows += 1;
      hash.row(row.cells, row.target);
      if (seen.add(hash.high, hash.low)) rowsByStratum[row.stratum] = (rowsByStratum[row.stratum] ?? 0) + 1;
    }
  }
  return { rowsByStratum, duplicates: rows - seen.size };
}
