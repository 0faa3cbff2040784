import type { PartName } from '@agon/contracts';
import { AppError } from '@agon/contracts';
import { partOf, prefixOf, rowKeyMaker, type SplitPlan, SplitPlanner, splitCommitment } from '@agon/domain';
import type { DatasetSource } from './dataset-source.ts';
import type { Inspection } from './inspection.ts';
import { type KeptRow, keptRows } from './second-reading.ts';

type Input = {
  source: DatasetSource;
  inspection: Inspection;
  splitSecret: string;
  signal?: AbortSignal | undefined;
  /** Called with every row that is in a part, in file order. */
  onRow?: (part: PartName, row: KeptRow) => void;
  /** Called between batches. */
  onBatch?: () => Promise<void>;
};

export type Split = { readonly plan: SplitPlan; readonly duplicates: number; readonly commitment: string };

/**
 * Splits a dataset by the secret: one reading to order the rows by their keys, one to hand them out. The same bytes,
 * wishes and secret give the same split.
 */
export async function splitDataset(input: Input): Promise<Split> {
  const { source, inspection, splitSecret, signal } = input;
  const { layout } = inspection.plan;
  const keyOf = rowKeyMaker(splitSecret);
  const planner = new SplitPlanner();
  for await (const batch of keptRows(source, layout, { signal })) {
    for (const row of batch) planner.add(keyOf([...row.cells, row.target]), row.stratum);
  }
  checkUnchanged(inspection, planner);
  const plan = planner.plan(inspection.plan.rowsByStratum.length);
  const hidden: Record<'selection' | 'report', Uint8Array[]> = { selection: [], report: [] };
  let ordinal = 0;
  for await (const batch of keptRows(source, layout, { signal })) {
    for (const row of batch) {
      ordinal += 1;
      if (planner.isDuplicate(ordinal - 1)) continue;
      const key = keyOf([...row.cells, row.target]);
      const part = partOf(plan, { prefix: prefixOf(key), stratum: row.stratum });
      if (part !== 'train') hidden[part].push(key);
      input.onRow?.(part, row);
    }
    await input.onBatch?.();
  }
  return { plan, duplicates: planner.duplicates, commitment: splitCommitment(splitSecret, hidden) };
}

function checkUnchanged(inspection: Inspection, planner: SplitPlanner): void {
  const rows = inspection.plan.rowsByStratum.reduce((sum, count) => sum + count, 0);
  const seen = rows + inspection.report.rows_dropped.duplicates;
  if (planner.rows + planner.duplicates === seen) return;
  throw new AppError('preparation_failed', 'The dataset changed while it was prepared; send the job again.');
}
