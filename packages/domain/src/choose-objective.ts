import { AppError, type MetricName, metricTable, type Objective, type TaskName, taskTable } from '@agon/contracts';

/**
 * The objective of a job: the metric asked for, or the task's default, with its direction.
 *
 * @throws AppError `metric_unsuitable` where the task does not have the metric.
 */
export function chooseObjective(
  task: TaskName,
  asked: { metric?: MetricName | undefined; goal?: number | null | undefined },
): Objective {
  const known: readonly MetricName[] = taskTable[task].metrics;
  const metric = asked.metric ?? taskTable[task].metrics[0];
  if (!known.includes(metric))
    throw new AppError('metric_unsuitable', `${task} has the metrics ${known.join(', ')}; ${metric} is none of them.`, {
      param: 'objective.metric',
    });
  return { metric, direction: metricTable[metric].direction, goal: asked.goal ?? null };
}
