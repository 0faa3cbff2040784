import {
  type ColumnKind,
  type ColumnSummary,
  type DatasetNote,
  type FeatureColumn,
  limits,
  type MetricName,
  type TableSchema,
  type TaskName,
} from '@agon/contracts';
import { checkTarget, type UsableTarget } from './check-target.ts';
import { distinctOf, kindOf, missingOf } from './column-kind.ts';
import type { ColumnTally } from './column-tally.ts';
import { inputNames } from './header.ts';
import { inferTask } from './infer-task.ts';
import { type DatasetRefusal, listed, plural, refusal, shown } from './problem.ts';
import type { TableLayout } from './row-normaliser.ts';
import type { TableTally } from './table-tally.ts';

/** All that was decided about a table after its first reading; plain JSON. */
export type TableDecision = {
  ok: true;
  task: TaskName;
  /** Why, where the client left the task out. */
  taskInferred: string | null;
  table: TableSchema;
  /** How the second reading takes rows apart. */
  layout: TableLayout;
  columns: ColumnSummary[];
  /** Rows per class before duplicates are dropped; null for regression. */
  classes: { name: string; rows: number }[] | null;
  rows: number;
  rowsEmpty: number;
  rowsWithoutTarget: number;
  /** Rows with a target, before duplicates are dropped. */
  rowsUsable: number;
  notes: DatasetNote[];
};

type Feature = FeatureColumn & { readonly index: number };

function featureNotes(name: string, tally: ColumnTally, kind: ColumnKind): DatasetNote[] {
  const note = (code: string, message: string): DatasetNote => ({ code, column: name, message });
  const label = shown(name);
  if (kind === 'empty') return [note('column_empty', `Column ${label} has no value and is left out.`)];
  const notes: DatasetNote[] = [];
  if (kind === 'number' && tally.strings > 0) {
    const cells = tally.oddCells.map(({ row, text }) => `${shown(text)} (row ${row})`);
    const verb = tally.strings === 1 ? 'is no number and counts' : 'are no numbers and count';
    notes.push(
      note(
        'not_numbers',
        `${plural(tally.strings, 'value')} of column ${label} ${verb} as missing: ${listed(cells, 5)}.`,
      ),
    );
  }
  if (distinctOf(tally, kind) === 1 && missingOf(tally, kind) === 0)
    notes.push(note('column_constant', `Column ${label} has the same value in every row.`));
  const span = tally.maximum - tally.minimum + 1;
  if (kind === 'number' && tally.wholeNumbersOnly && span === tally.rows && tally.distinct > 0.9 * tally.rows)
    notes.push(
      note('column_counts_rows', `Column ${label} looks like a row number; name it in \`ignore_columns\` if it is.`),
    );
  return notes;
}

function summaryOf(name: string, tally: ColumnTally, role: ColumnSummary['role'], kind: ColumnKind): ColumnSummary {
  return {
    name,
    kind,
    missing: missingOf(tally, kind),
    distinct: distinctOf(tally, kind),
    distinct_capped: tally.distinctCapped,
    role,
    examples: [...tally.examples],
  };
}

function describeColumns(
  tally: TableTally,
  target: UsableTarget,
): { columns: ColumnSummary[]; features: Feature[]; notes: DatasetNote[] } {
  const inputs = inputNames(tally.names);
  const features: Feature[] = [];
  const notes: DatasetNote[] = [];
  const columns = tally.columns.map((column, index) => {
    const name = tally.names[index] ?? '';
    if (index === tally.targetIndex) {
      const kind = target.kind;
      const summary = summaryOf(name, column, 'target', kind);
      return target.classes ? { ...summary, distinct: target.classes.length, distinct_capped: false } : summary;
    }
    const kind = kindOf(column);
    if (tally.ignored.has(index)) return summaryOf(name, column, 'ignored', kind);
    notes.push(...featureNotes(name, column, kind));
    if (kind === 'empty') return summaryOf(name, column, 'ignored', kind);
    features.push({ name, input: inputs[index] ?? '', kind, index });
    return summaryOf(name, column, 'feature', kind);
  });
  return { columns, features, notes };
}

/** Whether so many rows are enough, counted once duplicates and rows without a target are gone. */
export function checkRowCount(rows: number): DatasetRefusal | undefined {
  if (rows >= limits.datasetRowsMin) return undefined;
  const message = `${plural(rows, 'different row')} with a target ${rows === 1 ? 'is' : 'are'} left; at least ${limits.datasetRowsMin} are needed to train and to judge fairly.`;
  return refusal('dataset_too_small', message);
}

/**
 * Decides task, columns, target and classes after the first reading of a file, or refuses it.
 *
 * @param input.task as the client said it, if at all.
 * @param input.metric as the client said it; tells the task where that was left out.
 */
export function decideTable(input: {
  tally: TableTally;
  task?: TaskName | undefined;
  metric?: MetricName | undefined;
}): TableDecision | DatasetRefusal {
  const { tally } = input;
  const name = tally.names[tally.targetIndex] ?? '';
  if (tally.rows - tally.emptyRows === 0) return refusal('dataset_too_small', 'The file has no rows.');
  const inferred =
    input.task === undefined
      ? inferTask({ name, target: tally.target, metric: input.metric })
      : { ok: true as const, task: input.task, why: null };
  if (!inferred.ok) return inferred;
  const target = checkTarget({ name, target: tally.target, task: inferred.task });
  if (!target.ok) return target;
  const tooFew = checkRowCount(target.rowsKept);
  if (tooFew) return tooFew;
  const { columns, features, notes } = describeColumns(tally, target);
  if (features.length === 0)
    return refusal(
      'dataset_invalid',
      'Besides the target no column is left that has a value, so there is nothing to learn from.',
    );
  const classes = target.classes?.map((item) => item.name) ?? null;
  return {
    ok: true,
    task: inferred.task,
    taskInferred: inferred.why,
    table: { target: name, classes, columns: features.map(({ index: _, ...feature }) => feature) },
    layout: {
      columns: features.map(({ index, kind }) => ({ index, kind })),
      target: { index: tally.targetIndex, kind: target.kind, classes },
    },
    columns,
    classes: target.classes,
    rows: tally.rows,
    rowsEmpty: tally.emptyRows,
    rowsWithoutTarget: target.rowsDropped,
    rowsUsable: target.rowsKept,
    notes: [...target.notes, ...notes].slice(0, limits.datasetNotesMax),
  };
}
