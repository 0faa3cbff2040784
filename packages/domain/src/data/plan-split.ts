import { limits, type PartName, type TaskName } from '@agon/contracts';
import { largestRemainder } from './largest-remainder.ts';

/** Where the parts end in one stratum: rows up to `selectionLast` are selection, then up to `reportLast` report. */
export type StratumPlan = {
  readonly rows: number;
  readonly selection: number;
  readonly report: number;
  /** The prefix of the last selection row; null where there is none. */
  readonly selectionLast: bigint | null;
  readonly reportLast: bigint | null;
};

export type SplitPlan = {
  readonly parts: { readonly train: number; readonly selection: number; readonly report: number };
  /** One per class in the order of `table.classes`; a single one for regression. */
  readonly strata: readonly StratumPlan[];
};

const manyRows = 1_000;

/** The most rows that a hidden part of the task has: fewer where scoring a row costs a language model's pass. */
export const hiddenRowsMax = (task: TaskName): number =>
  task === 'chat' || task === 'preference' ? limits.hiddenTextRowsMax : limits.hiddenRowsMax;

/** Rows of each hidden part: 20 % under 1,000 rows, else 10 %, at least 20 and at most `rowsMax`. */
export function hiddenRows(rows: number, rowsMax: number = limits.hiddenRowsMax): number {
  const share = rows < manyRows ? 0.2 : 0.1;
  return Math.min(rowsMax, Math.max(limits.hiddenRowsMin, Math.floor(rows * share + 1e-9)));
}

/**
 * How many rows of each stratum are hidden. Every stratum keeps a row for training. Report makes up for what rounding
 * did to selection, so that both together are in proportion.
 */
export function hiddenCounts(
  rowsByStratum: readonly number[],
  rowsMax: number = limits.hiddenRowsMax,
): { selection: number[]; report: number[] } {
  const rows = rowsByStratum.reduce((sum, count) => sum + count, 0);
  const hidden = hiddenRows(rows, rowsMax);
  const quotas = rowsByStratum.map((count) => (hidden * count) / rows);
  const caps = rowsByStratum.map((count) => Math.max(0, count - 1));
  const selection = largestRemainder(hidden, quotas, caps);
  const report = largestRemainder(
    hidden,
    quotas.map((quota, index) => 2 * quota - (selection[index] ?? 0)),
    caps.map((cap, index) => cap - (selection[index] ?? 0)),
  );
  return { selection, report };
}

/**
 * Plans the split `agon-split-1`: in each stratum rows are ordered by the first 64 bits of their keys; the smallest go
 * to selection, the next to report, the rest to training.
 *
 * @param strata the prefixes of the different rows of each stratum, in any order; they are sorted in place.
 * @param rowsMax of each hidden part; see `hiddenRowsMax`.
 * @throws RangeError where a stratum has a prefix twice: duplicates must be dropped before.
 */
export function planSplit(strata: readonly BigUint64Array[], rowsMax: number = limits.hiddenRowsMax): SplitPlan {
  const rowsByStratum = strata.map((prefixes) => prefixes.length);
  const { selection, report } = hiddenCounts(rowsByStratum, rowsMax);
  const plans = strata.map((prefixes, index) => {
    prefixes.sort();
    if (prefixes.some((prefix, place) => place > 0 && prefix === prefixes[place - 1]))
      throw new RangeError('A row is there twice.');
    const chosen = selection[index] ?? 0;
    const hidden = chosen + (report[index] ?? 0);
    return {
      rows: prefixes.length,
      selection: chosen,
      report: hidden - chosen,
      selectionLast: chosen > 0 ? (prefixes[chosen - 1] ?? null) : null,
      reportLast: hidden > chosen ? (prefixes[hidden - 1] ?? null) : null,
    };
  });
  const sum = (count: (plan: StratumPlan) => number): number => plans.reduce((total, plan) => total + count(plan), 0);
  const hiddenParts = { selection: sum((plan) => plan.selection), report: sum((plan) => plan.report) };
  const rows = sum((plan) => plan.rows);
  return { parts: { train: rows - hiddenParts.selection - hiddenParts.report, ...hiddenParts }, strata: plans };
}

/** The part of a row, from its prefix (see `prefixOf`) and its stratum. */
export function partOf(plan: SplitPlan, row: { prefix: bigint; stratum: number }): PartName {
  const stratum = plan.strata[row.stratum];
  if (!stratum) throw new RangeError(`The plan has no stratum ${row.stratum}.`);
  if (stratum.selectionLast !== null && row.prefix <= stratum.selectionLast) return 'selection';
  if (stratum.reportLast !== null && row.prefix <= stratum.reportLast) return 'report';
  return 'train';
}
