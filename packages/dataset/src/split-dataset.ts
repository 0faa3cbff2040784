import { AppError, type PartName } from '@agon/contracts';
import { partOf, prefixOf, rowKeyMaker, type SplitPlan, SplitPlanner, splitCommitment } from '@agon/domain';
import type { DatasetSource } from './dataset-source.ts';
import type { Inspection } from './inspection.ts';
import { type KeptRow, keptRows } from './second-reading.ts';

type Input = {
  source: DatasetSource;
  inspection: Inspection;
  /** 64 hex digits. */
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
 *
 * @throws AppError `preparation_failed` where the source is not what was inspected.
 */
export async function splitDataset(input: Input): Promise<Split> {
  const keyOf = rowKeyMaker(input.splitSecret);
  const { planner, prefixes } = await orderRows(input, keyOf);
  const plan = planner.plan(input.inspection.plan.rowsByStratum.length);
  const hidden: Record<'selection' | 'report', Uint8Array[]> = { selection: [], report: [] };
  let ordinal = 0;
  for await (const batch of rowsOf(input)) {
    for (const row of batch) {
      const prefix = prefixes.at(ordinal);
      ordinal += 1;
      if (planner.isDuplicate(ordinal - 1)) continue;
      const part = partOf(plan, { prefix, stratum: row.stratum });
      if (part !== 'train') hidden[part].push(keyOf(cellsOf(row)));
      input.onRow?.(part, row);
    }
    await input.onBatch?.();
  }
  return { plan, duplicates: planner.duplicates, commitment: splitCommitment(input.splitSecret, hidden) };
}

const rowsOf = (input: Input) => keptRows(input.source, input.inspection.plan.layout, { signal: input.signal });

/** What a row's key is made of: the cells of the table, then the target. */
const cellsOf = (row: KeptRow): string[] => [...row.cells, row.target];

async function orderRows(
  input: Input,
  keyOf: (cells: readonly string[]) => Uint8Array,
): Promise<{ planner: SplitPlanner; prefixes: PrefixList }> {
  const planner = new SplitPlanner();
  const prefixes = new PrefixList();
  for await (const batch of rowsOf(input)) {
    for (const row of batch) {
      const key = keyOf(cellsOf(row));
      planner.add(key, row.stratum);
      prefixes.push(prefixOf(key));
    }
  }
  const { plan, report } = input.inspection;
  const rows = plan.rowsByStratum.reduce((sum, count) => sum + count, report.rows_dropped.duplicates);
  if (prefixes.length === rows) return { planner, prefixes };
  throw new AppError('preparation_failed', 'The dataset changed while it was prepared; send the job again.');
}

/** The beginnings of the keys of all rows, 8 bytes each, so that no key is made twice. */
class PrefixList {
  #values = new BigUint64Array(1024);
  length = 0;

  push(prefix: bigint): void {
    if (this.length === this.#values.length) {
      const wider = new BigUint64Array(this.length * 2);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.length] = prefix;
    this.length += 1;
  }

  at(index: number): bigint {
    const prefix = index < this.length ? this.#values[index] : undefined;
    if (prefix !== undefined) return prefix;
    throw new AppError('preparation_failed', 'The dataset changed while it was prepared; send the job again.');
  }
}
