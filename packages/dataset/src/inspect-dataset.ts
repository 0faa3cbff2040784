import { AppError, type DatasetNote, type DatasetReport, limits } from '@agon/contracts';
import {
  checkRowCount,
  chooseObjective,
  type DatasetRefusal,
  decideTable,
  hiddenCounts,
  refusal,
  type TableDecision,
} from '@agon/domain';
import { columnNotes } from './column-notes.ts';
import { countDifferentRows } from './count-different-rows.ts';
import type { DatasetSource } from './dataset-source.ts';
import { type FirstReading, readFirst } from './first-reading.ts';
import type { DatasetWish, Inspection, InspectionRefusal } from './inspection.ts';
import { ProblemList } from './problem-list.ts';
import { refuseDecision, refuseError, refuseProblems } from './refusals.ts';
import { quoted } from './say.ts';

type Options = { signal?: AbortSignal | undefined };

/**
 * Reads a dataset as a stream and says what it is, what will be dropped, and how it will be divided; or why it is
 * refused, with row numbers. Memory does not grow with its size, but for 16 bytes a row.
 *
 * @throws the signal's reason when it is aborted, and faults of the source; a bad dataset is an answer, not an error.
 */
export async function inspectDataset(
  source: DatasetSource,
  wish: DatasetWish,
  options: Options = {},
): Promise<Inspection | InspectionRefusal> {
  try {
    return await inspect(source, wish, options);
  } catch (error) {
    if (error instanceof AppError && error.expected) return refuseError(error);
    throw error;
  }
}

async function inspect(
  source: DatasetSource,
  wish: DatasetWish,
  options: Options,
): Promise<Inspection | InspectionRefusal> {
  if (wish.task !== undefined) chooseObjective(wish.task, { metric: wish.metric });
  const problems = new ProblemList();
  const reading = await readFirst(source, wish, { problems, signal: options.signal });
  // Objects that cannot be read may be the ones that have the missing columns.
  const knowsColumns = reading.format !== 'jsonl' || problems.empty;
  if (reading.refusal !== null && knowsColumns) return refuseDecision(reading.refusal, reading);
  const decision =
    reading.tally === null ? null : decideTable({ tally: reading.tally, task: wish.task, metric: wish.metric });
  if (!problems.empty) return refuseProblems(problems, decision);
  if (decision === null) return refuseError(new AppError('dataset_too_small', 'The file has no rows.'));
  if (!decision.ok) return refuseDecision(decision, reading);
  const { metric } = chooseObjective(decision.task, { metric: wish.metric });
  const different = await countDifferentRows(source, decision.layout, options);
  const rows = different.rowsByStratum.reduce((sum, count) => sum + count, 0);
  const tooFew = checkRowCount(rows) ?? checkClassRows(decision, different.rowsByStratum);
  if (tooFew) return refuseDecision(tooFew, reading);
  return {
    ok: true,
    task: decision.task,
    taskInferred: decision.taskInferred,
    metric,
    report: reportOf(reading, decision, different),
    table: decision.table,
    plan: { layout: decision.layout, rowsByStratum: different.rowsByStratum },
  };
}

/** Classes whose rows are all the same are one row: they cannot be in a hidden part and in training. */
function checkClassRows(decision: TableDecision, rowsByStratum: readonly number[]): DatasetRefusal | undefined {
  if (decision.classes === null || rowsByStratum.filter((rows) => rows >= limits.classRowsMin).length >= 2) return;
  const lone = decision.classes.filter((_, index) => (rowsByStratum[index] ?? 0) < limits.classRowsMin);
  const named = lone.slice(0, 10).map(({ name }) => quoted(name));
  const message = `Without duplicates only one class of the target ${quoted(decision.table.target)} has two rows or more; all rows of ${named.join(', ')} are the same.`;
  return refusal('target_unsuitable', message);
}

function reportOf(
  reading: FirstReading,
  decision: TableDecision,
  different: { rowsByStratum: readonly number[]; duplicates: number },
): DatasetReport {
  const hidden = hiddenCounts(different.rowsByStratum);
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const [rows, selection, report] = [sum(different.rowsByStratum), sum(hidden.selection), sum(hidden.report)];
  const notes: DatasetNote[] = [
    ...reading.notes,
    ...decision.notes,
    ...columnNotes(decision.columns, decision.rows - decision.rowsEmpty),
  ];
  return {
    format: reading.format,
    rows: decision.rows,
    rows_dropped: {
      duplicates: different.duplicates,
      without_target: decision.rowsWithoutTarget,
      empty: decision.rowsEmpty,
    },
    parts: { train: rows - selection - report, selection, report },
    columns: decision.columns,
    classes: decision.classes?.map(({ name }, index) => ({ name, rows: different.rowsByStratum[index] ?? 0 })) ?? null,
    notes: notes.slice(0, limits.datasetNotesMax),
  };
}
