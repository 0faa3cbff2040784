import { AppError, type DatasetNote, type DatasetReport, limits } from '@agon/contracts';
import {
  checkRowCount,
  chooseObjective,
  decideTable,
  hiddenRowsMax,
  inferTask,
  type TableDecision,
} from '@agon/domain';
import { checkClassRows } from './check-class-rows.ts';
import { columnNotes } from './column-notes.ts';
import { countDifferentRows } from './count-different-rows.ts';
import type { DatasetSource } from './dataset-source.ts';
import { type FirstReading, readFirst } from './first-reading.ts';
import type { DatasetWish, Inspection, InspectionRefusal } from './inspection.ts';
import { partSizes } from './part-sizes.ts';
import { ProblemList } from './problem-list.ts';
import { refuseDecision, refuseError, refuseProblems } from './refusals.ts';
import { type InferredTextTask, taskOfTexts } from './text/infer-text-task.ts';
import { inspectClassTexts } from './text/inspect-class-texts.ts';

type Options = { signal?: AbortSignal | undefined };

/**
 * Inspects a table; or the texts in it, where the task is left out and its only feature is free text. See
 * `inspectDataset`.
 */
export async function inspectTable(
  source: DatasetSource,
  wish: DatasetWish,
  options: Options,
): Promise<Inspection | InspectionRefusal> {
  const problems = new ProblemList();
  const reading = await readFirst(source, wish, { problems, signal: options.signal });
  // Objects that cannot be read may be the ones that have the missing columns.
  const knowsColumns = reading.format !== 'jsonl' || problems.empty;
  if (reading.refusal !== null && knowsColumns) return refuseDecision(reading.refusal, reading);
  const texts = problems.empty ? inferTexts(reading, wish) : null;
  if (texts) return inspectClassTexts(source, { ...wish, ...texts }, { ...options, reading });
  const decision =
    reading.tally === null ? null : decideTable({ tally: reading.tally, task: wish.task, metric: wish.metric });
  if (!problems.empty) return refuseProblems(problems, decision);
  if (decision === null) return refuseError(new AppError('dataset_too_small', 'The file has no rows.'));
  if (!decision.ok) return refuseDecision(decision, reading);
  const { metric } = chooseObjective(decision.task, { metric: wish.metric });
  const different = await countDifferentRows(source, decision.layout, options);
  const { rowsByStratum } = different;
  const rows = rowsByStratum.reduce((sum, count) => sum + count, 0);
  const target = decision.table.target;
  const tooFew = checkRowCount(rows) ?? checkClassRows({ target, classes: decision.table.classes, rowsByStratum });
  if (tooFew) return refuseDecision(tooFew, reading);
  return {
    ok: true,
    data: 'table',
    task: decision.task,
    taskInferred: decision.taskInferred,
    metric,
    report: reportOf(reading, decision, different),
    table: decision.table,
    plan: { layout: decision.layout, rowsByStratum },
  };
}

function inferTexts({ tally }: FirstReading, { task, metric }: DatasetWish): InferredTextTask | null {
  if (task !== undefined || tally === null) return null;
  const name = tally.names[tally.targetIndex] ?? '';
  const inferred = inferTask({ name, target: tally.target, metric });
  return inferred.ok ? taskOfTexts(tally, { task: inferred.task, metric }) : null;
}

function reportOf(
  reading: FirstReading,
  decision: TableDecision,
  different: { rowsByStratum: readonly number[]; duplicates: number },
): DatasetReport {
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
    parts: partSizes(different.rowsByStratum, hiddenRowsMax(decision.task)),
    columns: decision.columns,
    classes: decision.classes?.map(({ name }, index) => ({ name, rows: different.rowsByStratum[index] ?? 0 })) ?? null,
    notes: notes.slice(0, limits.datasetNotesMax),
  };
}
