import { AppError, CreateJob, type ErrorCode, JobEstimate } from '@agon/contracts';
import { fitsNeeds } from '@agon/domain';
import { dateIn, type RouteDeps } from '../deps.ts';
import { findFile } from '../files/find-file.ts';
import { route } from '../http/route.ts';
import { onlineMs } from '../miners/online.ts';
import { type CheckedJob, conclude, inspect } from './check-job.ts';

async function minersThatFit(deps: RouteDeps, { task, inspected }: CheckedJob): Promise<number> {
  const miners = await deps.stores.miners.listSeenSince(dateIn(deps, -onlineMs));
  return miners.filter(
    (miner) => !miner.bannedAt && (!inspected || fitsNeeds(miner.capabilities, inspected.needs, task)),
  ).length;
}

async function estimate(deps: RouteDeps, spec: CreateJob, checked: CheckedJob): Promise<JobEstimate['estimate']> {
  return {
    race_minutes_max: spec.budget.minutes,
    seats: spec.budget.seats,
    miners_that_fit: await minersThatFit(deps, checked),
    memory_mib: checked.inspected?.needs.memoryMib ?? 0,
    epoch_minutes: checked.inspected?.needs.epochMinutes ?? null,
  };
}

const empty = {
  task: null,
  task_inferred: null,
  base_model: null,
  objective: null,
  dataset: null,
  problems: [],
  error: null,
};

function refused(error: AppError): JobEstimate {
  const problems = [...(error.facts.problems ?? [])];
  return {
    ...empty,
    object: 'job.validation',
    valid: false,
    problems,
    error: { code: error.code, message: error.message },
    estimate: null,
  };
}

const baseModelWire = (base: CheckedJob['base']): JobEstimate['base_model'] =>
  base && { name: base.model.name, revision: base.model.revision, why: base.why };

/** What is wrong with the data, the target, the metric or the base model; everything else is a refusal of the request. */
const answered = new Set<ErrorCode>([
  ...([
    'dataset_invalid',
    'dataset_unreadable',
    'dataset_too_large',
    'dataset_too_small',
    'metric_unsuitable',
  ] as const),
  ...(['target_missing', 'target_unsuitable', 'task_not_inferable'] as const),
  ...(['base_model_missing', 'base_model_unsuitable', 'base_model_not_found', 'base_model_too_large'] as const),
]);

export const validateJob = route({
  method: 'post',
  path: '/v1/jobs/validate',
  tag: 'Jobs',
  operationId: 'validateJob',
  summary: 'Check a job without creating it',
  description: 'Everything that creating checks. Bad data is an answer with `valid: false`, not an error.',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { body: CreateJob },
  response: JobEstimate,
  status: 200,
  errors: [
    ...(['invalid_request', 'invalid_json', 'file_not_found', 'base_model_unavailable', 'publish_unsuitable'] as const),
    ...(['hub_pushes_off', 'hub_token_missing', 'hub_token_refused', 'tokens_not_kept'] as const),
  ],
  async handle({ deps, caller, body: spec, gone }) {
    const owned = { fileId: spec.training_file, accountId: caller.accountId };
    const file = await findFile(deps.stores, owned, 'training_file');
    try {
      const check = { spec, file, signal: gone };
      const checked = await conclude(deps, check, await inspect(deps, check));
      return {
        object: 'job.validation' as const,
        valid: true,
        task: checked.task,
        task_inferred: checked.taskInferred,
        base_model: baseModelWire(checked.base),
        objective: checked.objective,
        dataset: checked.inspected?.report ?? null,
        problems: [],
        error: null,
        estimate: await estimate(deps, spec, checked),
      };
    } catch (error) {
      if (error instanceof AppError && answered.has(error.code)) return refused(error);
      throw error;
    }
  },
});
