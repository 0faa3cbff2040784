import type { DatasetProblem } from '@agon/contracts';
import { nearName } from './near-name.ts';
import { type DatasetRefusal, listed, refusal, shown } from './problem.ts';

/** Where the target and the ignored columns are among the names of the header. */
export type ColumnRoles = { ok: true; target: number; ignored: ReadonlySet<number> };

const namesShownMax = 20;

/** What names there are instead, beginning with a space; says the one that is meant, where one is near. */
export function unknownColumn(given: string, names: readonly string[]): string {
  const near = nearName(given, names);
  const guess = near === undefined ? '' : ` Did you mean ${shown(near)}?`;
  return `${guess} The columns are ${listed(names.map(shown), namesShownMax)}.`;
}

const problemOf = (code: string, column: string, message: string): DatasetProblem => ({
  code,
  row: null,
  column,
  message,
  count: 1,
});

/**
 * Finds the target and the columns to ignore.
 *
 * @param names from `readHeader`.
 */
export function findColumns(input: {
  names: readonly string[];
  target: string | undefined;
  ignoreColumns: readonly string[];
}): ColumnRoles | DatasetRefusal {
  const { names } = input;
  const indexOf = (name: string): number => names.indexOf(name.trim());
  if (input.target === undefined) {
    const message = `Name the column to predict as \`target\`, or the columns of a conversation in \`columns\`. The columns are ${listed(names.map(shown), namesShownMax)}.`;
    return refusal('target_missing', message);
  }
  const target = indexOf(input.target);
  if (target < 0) {
    const message = `There is no column ${shown(input.target)} to be the target.${unknownColumn(input.target, names)}`;
    return refusal('target_missing', message, [problemOf('target_missing', input.target, message)]);
  }
  const unknown = input.ignoreColumns.find((name) => indexOf(name) < 0);
  if (unknown !== undefined) {
    const message = `There is no column ${shown(unknown)} to ignore.${unknownColumn(unknown, names)}`;
    return refusal('dataset_invalid', message, [problemOf('ignored_column_missing', unknown, message)]);
  }
  const ignored = new Set(input.ignoreColumns.map(indexOf));
  if (ignored.has(target))
    return refusal('dataset_invalid', `The target ${shown(input.target)} cannot be among the columns to ignore.`);
  return { ok: true, target, ignored };
}
