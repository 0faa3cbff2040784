import { AppError } from '@agon/contracts';
import { chooseObjective, refusal } from '@agon/domain';
import type { DatasetSource } from './dataset-source.ts';
import { inspectTable } from './inspect-table.ts';
import type { DatasetWish, Inspection, InspectionRefusal } from './inspection.ts';
import { peekNames } from './peek-names.ts';
import { refuseDecision, refuseError } from './refusals.ts';
import { taskOfNames, taskOfWish } from './text/infer-text-task.ts';
import { inspectText } from './text/inspect-text.ts';
import { isTextTask } from './text/read-text-part.ts';

type Options = { signal?: AbortSignal | undefined };

/**
 * Reads a dataset of any task as a stream and says what it is, what will be dropped, and how it will be divided; or why
 * it is refused, with row numbers. Memory does not grow with its size, but for 16 bytes a row.
 *
 * Where the task is left out: columns of conversations and no target make it `preference` or `chat`; a target with
 * nothing but free text beside it `text-classification`; else the target tells which task of tables it is.
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
  const { task } = wish;
  if (task !== undefined) {
    chooseObjective(task, { metric: wish.metric });
    return isTextTask(task)
      ? inspectText(source, { ...wish, task, why: null }, options)
      : inspectNamedTable(source, wish, options);
  }
  const told = taskOfWish(wish) ?? (wish.target === undefined ? await taskOfFile(source, wish, options) : null);
  return told ? inspectText(source, { ...wish, ...told }, options) : inspectTable(source, wish, options);
}

const taskOfFile = async (source: DatasetSource, wish: DatasetWish, options: Options) =>
  taskOfNames(await peekNames(source, options), wish.columns);

async function inspectNamedTable(
  source: DatasetSource,
  wish: DatasetWish,
  options: Options,
): Promise<Inspection | InspectionRefusal> {
  const part = Object.entries(wish.columns ?? {}).find(([, name]) => name !== undefined)?.[0];
  if (part === undefined) return inspectTable(source, wish, options);
  const message = `\`columns.${part}\` is of text tasks; ${wish.task} takes every column but the target and \`ignore_columns\`.`;
  return refuseDecision(refusal('dataset_invalid', message), { format: '', names: null });
}
