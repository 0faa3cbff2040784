import { type MetricName, type TaskName, taskTable } from '@agon/contracts';
import { kindOf } from './column-kind.ts';
import { type DatasetRefusal, plural, refusal, shown } from './problem.ts';
import type { TargetTally } from './target-tally.ts';

export type InferredTask = { ok: true; task: TaskName; why: string };

const numberClassesMax = 20;
const codedClassesMax = 100;
const codedRowsPerClassMin = 20;
const codedEvennessMin = 0.2;
/** From this share of numbers on, a column with strings in it was meant to be numbers. */
const meantAsNumbersShareMin = 0.8;

const override = 'Say `task` to choose otherwise.';

/** Different numbers of the target: exact while they may be classes. */
export const distinctNumbers = (target: TargetTally): number => target.counts('number')?.size ?? target.column.distinct;

/**
 * Whether the numbers are codes of classes: whole, without a gap from 0 or 1, at most 100 of them, each with 20 rows on
 * average and none with less than a fifth of that average. Ages and counts fail one of these.
 */
function areCodes(target: TargetTally): boolean {
  const counts = target.counts('number');
  const { wholeNumbersOnly, minimum, maximum, numbers } = target.column;
  if (!counts || !wholeNumbersOnly || (minimum !== 0 && minimum !== 1)) return false;
  if (counts.size > codedClassesMax || maximum - minimum + 1 !== counts.size) return false;
  const average = numbers / counts.size;
  const fewest = [...counts.values()].reduce((least, count) => Math.min(least, count.rows), numbers);
  return average >= codedRowsPerClassMin && fewest >= average * codedEvennessMin;
}

function fromNumbers(name: string, target: TargetTally): InferredTask {
  const distinct = distinctNumbers(target);
  const classification = { ok: true, task: 'tabular-classification' } as const;
  if (distinct <= numberClassesMax) {
    const why = `The target ${name} has only ${plural(distinct, 'different number')}, so they are taken for classes. ${override}`;
    return { ...classification, why };
  }
  if (areCodes(target)) {
    const why = `The target ${name} counts evenly from ${target.column.minimum} to ${target.column.maximum}, so its numbers are taken for codes of classes. ${override}`;
    return { ...classification, why };
  }
  const about = target.counts('number') ? '' : 'about ';
  const why = `The target ${name} holds numbers with ${about}${plural(distinct, 'different value')}, so this is regression. ${override}`;
  return { ok: true, task: 'tabular-regression', why };
}

/** The task that a metric belongs to. */
function taskOfMetric(metric: MetricName): TaskName {
  const [task] =
    Object.entries(taskTable).find(([, spec]) => (spec.metrics as readonly string[]).includes(metric)) ?? [];
  return (task ?? 'tabular-classification') as TaskName;
}

/** Infers the task from the target (or from a metric that only one task has), and says why in a sentence. */
export function inferTask(input: {
  name: string;
  target: TargetTally;
  metric?: MetricName | undefined;
}): InferredTask | DatasetRefusal {
  const { target, metric } = input;
  const name = shown(input.name);
  const column = target.column;
  if (metric !== undefined) {
    const task = taskOfMetric(metric);
    return { ok: true, task, why: `${metric} is a metric of ${task}.` };
  }
  const kind = kindOf(column);
  if (kind === 'number') return fromNumbers(name, target);
  const values = column.numbers + column.strings + column.codes;
  const meantAsNumbers = column.codes === 0 && column.numbers >= meantAsNumbersShareMin * values;
  if (meantAsNumbers && distinctNumbers(target) > numberClassesMax) {
    const why = `The target ${name} is nearly all numbers, so this is regression. ${override}`;
    return { ok: true, task: 'tabular-regression', why };
  }
  if (kind === 'empty') return refusal('target_unsuitable', `The target ${name} has no value in any row.`);
  if (kind === 'text') {
    const message = `The target ${name} holds free text or ids (such as ${shown(column.examples[0] ?? '')}); no task learns those. Pick a column of classes or numbers.`;
    return refusal('task_not_inferable', message);
  }
  const why = `The target ${name} holds words (such as ${shown(column.examples[0] ?? '')}), so this is classification. ${override}`;
  return { ok: true, task: 'tabular-classification', why };
}
