import { AppError, type PartName } from '@agon/contracts';
import { jsonKeyMaker, partOf, prefixOf, type SplitPlan, SplitPlanner, splitCommitment } from '@agon/domain';
import type { DatasetSource } from './dataset-source.ts';
import type { Inspection } from './inspection.ts';
import type { RowKind, Stratified } from './row-kind.ts';
import { rowsOf } from './rows-of.ts';

type Input = {
  source: DatasetSource;
  inspection: Inspection;
  /** 64 hex digits. */
  splitSecret: string;
  signal?: AbortSignal | undefined;
  /** Called with every row that is in a part, as the part has it, in file order. */
  onRow?: (part: PartName, record: string) => void;
  /** Called between batches. */
  onBatch?: () => Promise<void>;
};

export type Split = { readonly plan: SplitPlan; readonly duplicates: number; readonly commitment: string };

type Keys = { readonly kind: RowKind; readonly keyOf: (row: Stratified) => Uint8Array };

/**
 * Splits a dataset by the secret: one reading to order the rows by their keys, one to hand them out. The same bytes,
 * wishes and secret give the same split.
 *
 * @throws AppError `preparation_failed` where the source is not what was inspected.
 */
export async function splitDataset(input: Input): Promise<Split> {
  const kind = rowsOf(input.source, input.inspection);
  const keyOfJson = jsonKeyMaker(input.splitSecret);
  const keyOf = (row: Stratified) => keyOfJson(kind.keyJson(row));
  const { planner, prefixes } = await orderRows(input, { kind, keyOf });
  const plan = planner.plan(kind.strata, kind.hiddenRowsMax);
  const hidden: Record<'selection' | 'report', Uint8Array[]> = { selection: [], report: [] };
  let ordinal = 0;
  for await (const batch of kind.rows({ signal: input.signal })) {
    for (const row of batch) {
      const prefix = prefixes.at(ordinal);
      ordinal += 1;
      if (planner.isDuplicate(ordinal - 1)) continue;
      const part = partOf(plan, { prefix, stratum: row.stratum });
      if (part !== 'train') hidden[part].push(keyOf(row));
      input.onRow?.(part, kind.record(row));
    }
    await input.onBatch?.();
  }
  return { plan, duplicates: planner.duplicates, commitment: splitCommitment(input.splitSecret, hidden) };
}

async function orderRows(
  input: Input,
  { kind, keyOf }: Keys,
): Promise<{ planner: SplitPlanner; prefixes: PrefixList }> {
  const planner = new SplitPlanner();
  const prefixes = new PrefixList();
  for await (const batch of kind.rows({ signal: input.signal })) {
    for (const row of batch) {
      const key = keyOf(row);
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
