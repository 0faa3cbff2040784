import { type ColumnKind, type MetricName, type TaskName, type TextColumns, taskTable } from '@agon/contracts';
import { kindOf, shown, type TableTally } from '@agon/domain';
import type { DatasetWish } from '../inspection.ts';
import { hasTextLayout } from './text-layout.ts';

export type InferredTextTask = { readonly task: 'chat' | 'preference' | 'text-classification'; readonly why: string };

const override = 'Say `task` to choose otherwise.';
const textCharactersMin = 40;
/** From this share of different whole numbers on, a column counts rows. */
const idShareMin = 0.9;
/** From this share of different strings on, a column as a category would say nothing. */
const variedShareMin = 0.9;
/** Shorter ones are rather names of rows. */
const variedCharactersMin = 12;

/** The parts that only one task has. */
const taskOfPart = {
  text: 'text-classification',
  chosen: 'preference',
  rejected: 'preference',
  messages: 'chat',
  completion: 'chat',
  input: 'chat',
} as const satisfies Partial<Record<keyof TextColumns, InferredTextTask['task']>>;

/** The text task that a client's other wishes tell, if any. */
export function taskOfWish({ columns = {}, metric }: DatasetWish): InferredTextTask | null {
  const parts = Object.keys(taskOfPart) as (keyof typeof taskOfPart)[];
  const telling = parts.find((part) => columns[part] !== undefined);
  if (telling !== undefined) {
    const task = taskOfPart[telling];
    return { task, why: `\`columns.${telling}\` is of ${task}. ${override}` };
  }
  if (metric === undefined) return null;
  for (const task of ['chat', 'preference'] as const) {
    if ((taskTable[task].metrics as readonly MetricName[]).includes(metric))
      return { task, why: `${metric} is a metric of ${task}.` };
  }
  return null;
}

/** The text task that the columns' names tell, where no target is named. */
export function taskOfNames(names: readonly string[], columns: TextColumns = {}): InferredTextTask | null {
  if (hasTextLayout('preference', names, columns))
    return { task: 'preference', why: `The columns hold a chosen and a rejected answer. ${override}` };
  if (hasTextLayout('chat', names, columns))
    return { task: 'chat', why: `The columns hold conversations, or prompts and completions. ${override}` };
  return null;
}

/**
 * Whether a target is to be told from a single column of longer texts, or of short ones that are all different, so that a
 * language model suits it better than a table's: columns that only count rows or are empty do not matter.
 */
export function taskOfTexts(
  tally: TableTally,
  inferred: { task: TaskName; metric: MetricName | undefined },
): InferredTextTask | null {
  const metrics: readonly MetricName[] = taskTable['text-classification'].metrics;
  if (inferred.task !== 'tabular-classification') return null;
  if (inferred.metric !== undefined && !metrics.includes(inferred.metric)) return null;
  const features = tally.columns
    .map((column, index) => ({ column, index, name: tally.names[index] ?? '', kind: kindOf(column) }))
    .filter(({ index, kind, column }) => {
      if (index === tally.targetIndex || tally.ignored.has(index) || kind === 'empty') return false;
      return !(kind === 'number' && column.wholeNumbersOnly && column.distinct > idShareMin * column.rows);
    });
  const [only] = features;
  if (features.length !== 1 || only === undefined || !isOfStrings(only.kind)) return null;
  const values = Math.max(1, only.column.rows - only.column.missing);
  const mean = only.column.characters / values;
  const isLong = mean > textCharactersMin;
  const isVaried = mean > variedCharactersMin && only.column.distinct >= variedShareMin * values;
  if (!isLong && !isVaried) return null;
  const how = isLong
    ? `free text of ${Math.round(mean)} characters on average`
    : 'text that is another in nearly every row';
  const why = `The only feature, ${shown(only.name)}, is ${how}, so this is text classification. ${override}`;
  return { task: 'text-classification', why };
}

const isOfStrings = (kind: ColumnKind): boolean => kind === 'text' || kind === 'category';
