import type { DatasetReport } from '@agon/contracts';
import { hiddenCounts } from '@agon/domain';

/** How many rows each part will have. */
export function partSizes(rowsByStratum: readonly number[], hiddenRowsMax: number): DatasetReport['parts'] {
  const hidden = hiddenCounts(rowsByStratum, hiddenRowsMax);
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const [selection, report] = [sum(hidden.selection), sum(hidden.report)];
  return { train: sum(rowsByStratum) - selection - report, selection, report };
}
