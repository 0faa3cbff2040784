import {
  AppError,
  type CreateJob,
  type DatasetReport,
  type ErrorCode,
  limits,
  type MetricName,
  metricTable,
  type Objective,
  type TableSchema,
  type TaskName,
  taskTable,
} from '@agon/contracts';
import { needsOfJob } from '@agon/domain';
import type { FileRecord } from '@agon/store';
import type { InspectionAnswer, RouteDeps } from '../deps.ts';
import { checkFiles, checkPush } from '../publish/check-publish.ts';
import { checkWish } from './check-wish.ts';
import { type ChosenBaseModel, chooseBaseModel } from './choose-base-model.ts';

/** What creating a job needs to know of its dataset. */
export type CheckedJob = {
  readonly task: TaskName;
  readonly taskInferred: string | null;
  readonly objective: Objective;
  /** Null where the file is so large that it is read while the job prepares. */
  readonly inspected: {
    readonly report: DatasetReport;
    readonly table: TableSchema | null;
    readonly needs: ReturnType<typeof needsOfJob>;
  } | null;
} & ChosenBaseModel;

/** @throws AppError `metric_unsuitable` that lists the metrics of the task. */
function objectiveOf(task: TaskName, wanted: CreateJob['objective']): Objective {
  const metrics: readonly MetricName[] = taskTable[task].metrics;
  const metric = wanted.metric ?? taskTable[task].metrics[0];
  if (!metrics.includes(metric)) {
    const message = `${metric} does not measure ${task}; pick one of ${metrics.join(', ')}.`;
    throw new AppError('metric_unsuitable', message, { param: 'objective.metric' });
  }
  return { metric, direction: metricTable[metric].direction, goal: wanted.goal ?? null };
}

const params: Partial<Record<ErrorCode, string>> = {
  target_missing: 'target',
  target_unsuitable: 'target',
  task_not_inferable: 'task',
  metric_unsuitable: 'objective.metric',
};

/** The refusal of a dataset, with its problems. */
export function datasetRefusal(answer: InspectionAnswer & { ok: false }): AppError {
  const { code, message } = answer.error;
  const problems = answer.problems.slice(0, limits.datasetProblemsMax);
  return new AppError(code, message, {
    param: params[code] ?? 'training_file',
    ...(problems.length > 0 ? { problems } : {}),
  });
}

export type JobCheck = { readonly spec: CreateJob; readonly file: FileRecord; readonly signal: AbortSignal };

/** The inspector's answer, or undefined for a file so large that it is read while the job prepares. */
export async function inspect(
  deps: Pick<RouteDeps, 'inspectDataset' | 'inspections'>,
  { spec, file, signal }: JobCheck,
): Promise<InspectionAnswer | undefined> {
  if (spec.task) {
    objectiveOf(spec.task, spec.objective);
    checkWish(spec.task, spec);
  }
  if (file.bytes > limits.datasetCheckedAtCreateBytesMax) return undefined;
  const question = {
    source: file,
    task: spec.task,
    target: spec.target,
    columns: spec.columns,
    ignoreColumns: spec.ignore_columns,
    metric: spec.objective.metric,
    signal,
  };
  return deps.inspections.pass(() => deps.inspectDataset(question), signal);
}

/**
 * What follows from a job and its dataset.
 *
 * @throws AppError `metric_unsuitable`, `task_not_inferable`, the dataset's refusal, that of the base model, or of the
 * publication.
 */
export async function conclude(
  deps: Pick<RouteDeps, 'resolveBaseModel' | 'pushDesk'>,
  { spec, signal }: Pick<JobCheck, 'spec' | 'signal'>,
  answer: InspectionAnswer | undefined,
): Promise<CheckedJob> {
  if (answer?.ok === false) throw datasetRefusal(answer);
  const task = answer?.task ?? spec.task;
  if (!task) {
    const mib = limits.datasetCheckedAtCreateBytesMax / 2 ** 20;
    const message = `The task of a file larger than ${mib} MiB is not inferred; name one of ${Object.keys(taskTable).join(', ')}.`;
    throw new AppError('task_not_inferable', message, { param: 'task' });
  }
  const objective = objectiveOf(task, spec.objective);
  checkWish(task, spec);
  checkFiles(task, spec.publish);
  if (spec.publish.repo !== undefined) await checkPush(deps.pushDesk, spec.publish, 'publish.');
  const chosen = await chooseBaseModel(deps, { task, spec, signal });
  const taskInferred = answer?.taskInferred ?? null;
  return { task, taskInferred, objective, ...chosen, inspected: answer ? inspectedOf(answer, chosen) : null };
}

function inspectedOf(answer: InspectionAnswer & { ok: true }, { base, text }: ChosenBaseModel) {
  const { task, report, table, trainBytes } = answer;
  const train = { bytes: trainBytes, rows: report.parts.train };
  return { report, table, needs: needsOfJob({ task, train, table, base: base?.model.facts ?? null, text }) };
}
