import { type DatasetNote, type DatasetProblem, limits, type TaskName } from '@agon/contracts';
import { classOfCell } from './cell.ts';
import { kindOf, missingOf } from './column-kind.ts';
import { type DatasetRefusal, listed, plural, refusal, shown } from './problem.ts';
import type { TargetTally } from './target-tally.ts';

/** A target that can be learnt: its classes in their final order (null for regression) and what is dropped. */
export type UsableTarget = {
  ok: true;
  kind: 'number' | 'category';
  classes: { name: string; rows: number }[] | null;
  /** Rows without a usable target: unlabelled, or of a class too rare to learn. */
  rowsDropped: number;
  rowsKept: number;
  notes: DatasetNote[];
};

/** Classes below `classRowsMin` are dropped when they have at most this share of the rows together (or 2 rows). */
const rareRowsShareMax = 0.01;
const rareRowsMin = 2;

type ClassCount = { name: string; rows: number; firstRow: number };

/** Numbers by size, then words by code unit. */
function inOrder(left: ClassCount, right: ClassCount): number {
  const bothNumbers = classOfCell(left.name) === 'number' && classOfCell(right.name) === 'number';
  return (bothNumbers ? Number(left.name) - Number(right.name) : 0) || (left.name < right.name ? -1 : 1);
}

function nameNotes(column: string, classes: readonly ClassCount[]): DatasetNote[] {
  const groups = new Map<string, string[]>();
  for (const { name } of classes) {
    const folded = name.toLowerCase().replaceAll(/\s+/g, ' ');
    groups.set(folded, [...(groups.get(folded) ?? []), name]);
  }
  const alike = [...groups.values()]
    .filter((names) => names.length > 1)
    .map((names) => ({
      code: 'classes_alike',
      column,
      message: `The classes ${names.map(shown).join(' and ')} differ only in case or spaces; are they one?`,
    }));
  const markers = classes
    .filter(({ name }) => classOfCell(name) === 'marker')
    .map(({ name, rows }) => ({
      code: 'class_looks_missing',
      column,
      message: `${shown(name)} is taken for a class (${plural(rows, 'row')}); leave the cell empty where the class is unknown.`,
    }));
  return [...alike, ...markers];
}

function tooManyClasses(name: string, target: TargetTally): DatasetRefusal {
  const numbers = kindOf(target.column) === 'number';
  const hint = numbers
    ? 'Did you mean `task: "tabular-regression"`?'
    : 'It looks like ids or free text; pick a column of classes.';
  const message = `The target ${shown(name)} has more than ${limits.classesMax.toLocaleString('en-US')} different values. ${hint}`;
  return refusal('target_unsuitable', message);
}

function rareClasses(name: string, rare: readonly ClassCount[]): DatasetRefusal {
  const one = rare.length === 1;
  const named = rare.map((item) => `${shown(item.name)} (row ${item.firstRow})`);
  const message = `${one ? 'A class' : `${rare.length} classes`} of the target ${shown(name)} ${one ? 'has' : 'have'} fewer than ${limits.classRowsMin} rows: ${listed(named, 10)}. Add rows, merge them into another class, or leave them out.`;
  const problems = rare.slice(0, limits.datasetProblemsMax).map((item) => ({
    row: item.firstRow,
    column: name,
    code: 'rare_class',
    message: `The class ${shown(item.name)} has only ${plural(item.rows, 'row')}.`,
    count: item.rows,
  }));
  return refusal('target_unsuitable', message, problems);
}

const sumOf = (classes: readonly ClassCount[]): number => classes.reduce((sum, { rows }) => sum + rows, 0);

function checkClasses(name: string, target: TargetTally): UsableTarget | DatasetRefusal {
  const { column } = target;
  const kind = column.numbers > 0 && column.strings + column.codes === 0 ? 'number' : 'category';
  const counts = target.counts(kind);
  if (!counts) return tooManyClasses(name, target);
  const all = [...counts].map(([label, count]) => ({ name: label, ...count })).toSorted(inOrder);
  const rare = all.filter(({ rows }) => rows < limits.classRowsMin);
  const kept = all.filter(({ rows }) => rows >= limits.classRowsMin);
  const labelled = sumOf(all);
  if (kept.length === 0 || all.length === 1) {
    const constant =
      all.length === 1 ? `has the value ${shown(all[0]?.name ?? '')} in every row` : 'has no class twice';
    return refusal('target_unsuitable', `The target ${shown(name)} ${constant}, so there is nothing to learn.`);
  }
  if (kept.length > limits.classesMax) return tooManyClasses(name, target);
  if (sumOf(rare) > Math.max(rareRowsMin, rareRowsShareMax * labelled) || kept.length < 2)
    return rareClasses(name, rare);
  const notes = nameNotes(name, kept);
  if (rare.length > 0) {
    const named = rare.map((item) => `${shown(item.name)} (row ${item.firstRow})`);
    const message = `Dropped ${plural(sumOf(rare), 'row')} of classes with fewer than ${limits.classRowsMin} rows: ${listed(named, 10)}.`;
    notes.unshift({ code: 'rare_classes_dropped', column: name, message });
  }
  return {
    ok: true,
    kind,
    classes: kept.map(({ name: label, rows }) => ({ name: label, rows })),
    rowsDropped: column.rows - sumOf(kept),
    rowsKept: sumOf(kept),
    notes,
  };
}

function notNumbers(name: string, target: TargetTally): DatasetRefusal {
  const { column } = target;
  const odd = column.strings + column.codes;
  const [first] = column.oddCells;
  if (odd > (column.numbers + odd) / 2) {
    const message = `The target ${shown(name)} holds words such as ${shown(first?.text ?? '')} (row ${first?.row ?? 1}), so it cannot be regression. Did you mean \`task: "tabular-classification"\`?`;
    return refusal('target_unsuitable', message);
  }
  const problems: DatasetProblem[] = column.oddCells.map(({ row, text }) => ({
    row,
    column: name,
    code: 'target_not_numeric',
    message: `${shown(text)} is not a decimal number.`,
    count: 1,
  }));
  const rows = listed(
    column.oddCells.map(({ row }) => String(row)),
    10,
  );
  const message = `The target ${shown(name)} must be a number in every row; ${plural(odd, 'row')} ${odd === 1 ? 'has' : 'have'} something else, such as ${shown(first?.text ?? '')} in row ${rows}. Correct or empty these cells.`;
  return refusal('dataset_invalid', message, problems);
}

function checkNumbers(name: string, target: TargetTally): UsableTarget | DatasetRefusal {
  const { column } = target;
  if (column.strings + column.codes > 0) return notNumbers(name, target);
  if (column.minimum === column.maximum)
    return refusal(
      'target_unsuitable',
      `The target ${shown(name)} is ${column.minimum} in every row, so there is nothing to learn.`,
    );
  const rowsDropped = missingOf(column, 'number');
  return { ok: true, kind: 'number', classes: null, rowsDropped, rowsKept: column.rows - rowsDropped, notes: [] };
}

/**
 * Checks that the target can be learnt.
 *
 * Refused: no value, one value, more than `classesMax` classes, words in a target of numbers (with their rows). A class
 * with fewer than `classRowsMin` rows is dropped with a note when such classes have at most 1 % of the rows together (or
 * 2 rows) and two classes are left, for it is a slip of the pen; else the dataset is refused and the classes are named.
 * Rows without a target are dropped and counted.
 */
export function checkTarget(input: {
  name: string;
  target: TargetTally;
  task: TaskName;
}): UsableTarget | DatasetRefusal {
  const { name, target, task } = input;
  if (kindOf(target.column) === 'empty')
    return refusal('target_unsuitable', `The target ${shown(name)} has no value in any row.`);
  return task === 'tabular-regression' ? checkNumbers(name, target) : checkClasses(name, target);
}
