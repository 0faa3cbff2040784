import { type TaskName, taskTable } from '@agon/contracts';
import { type ClassPrediction, outcomeOf } from './outcome.ts';
import { scoreOutcome } from './scorer.ts';

/**
 * Every metric of the task.
 *
 * @param input.classes the number of classes; null for regression.
 */
export function allMetrics(
  task: TaskName,
  input: {
    truth: Int32Array | Float64Array;
    prediction: ClassPrediction | Float64Array;
    classes: number | null;
  },
): Record<string, number> {
  return Object.fromEntries(
    taskTable[task].metrics.map((metric) => [metric, scoreOutcome(outcomeOf({ metric, ...input }))]),
  );
}
