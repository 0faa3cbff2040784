import { limits } from '@agon/contracts';
import { type DatasetRefusal, refusal } from '@agon/domain';
import { quoted } from './say.ts';

/**
 * Classes whose rows are all the same are one row: they cannot be in a hidden part and in training.
 *
 * @param input.rowsByStratum different rows of each class.
 */
export function checkClassRows(input: {
  target: string;
  classes: readonly string[] | null;
  rowsByStratum: readonly number[];
}): DatasetRefusal | undefined {
  const { target, classes, rowsByStratum } = input;
  if (classes === null || rowsByStratum.filter((rows) => rows >= limits.classRowsMin).length >= 2) return;
  const lone = classes.filter((_, index) => (rowsByStratum[index] ?? 0) < limits.classRowsMin);
  const named = lone.slice(0, 10).map(quoted);
  const message = `Without duplicates only one class of the target ${quoted(target)} has two rows or more; all rows of ${named.join(', ')} are the same.`;
  return refusal('target_unsuitable', message);
}
