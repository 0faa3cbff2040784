import { FineTuningCheckpoint, PageQuery, pageOf } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { JobRecord, ModelRecord, RunRecord } from '@agon/store';
import { route } from '../http/route.ts';
import { JobParams } from '../jobs/find-job.ts';
import { pageFrom } from '../page.ts';
import { findFineTuningJob } from './read-fine-tuning-job.ts';

/** What a winner is as a checkpoint: the end of its curve, and the score on rows that nobody had seen. */
export function checkpointWire(job: JobRecord, model: ModelRecord, run: RunRecord | undefined): FineTuningCheckpoint {
  const step = Math.floor(run?.progress?.step ?? 0);
  const [, loss] = run?.curve.at(-1) ?? [];
  const { metric, report } = model.result;
  return {
    id: `ftckpt_${job.id.slice('job_'.length)}`,
    object: 'fine_tuning.job.checkpoint',
    created_at: unixSeconds(model.createdAt),
    fine_tuning_job_id: job.id,
    fine_tuned_model_checkpoint: model.alias ?? model.id,
    step_number: step,
    metrics: {
      step,
      ...(loss === undefined ? {} : { valid_loss: loss }),
      ...(metric === 'loss' ? { full_valid_loss: report.value } : {}),
    },
  };
}

export const listCheckpoints = route({
  method: 'get',
  path: '/v1/fine_tuning/jobs/:job_id/checkpoints',
  tag: 'Fine-tuning',
  operationId: 'listFineTuningCheckpoints',
  summary: 'List the checkpoints of a job: the winner, once there is one',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: JobParams, query: PageQuery },
  response: pageOf(FineTuningCheckpoint),
  status: 200,
  errors: ['job_not_found', 'invalid_request'],
  async handle({ deps, caller, params, query: { after, limit } }) {
    const job = await findFineTuningJob(deps, { jobId: params.job_id, accountId: caller.accountId });
    const model = job.modelId === null ? undefined : await deps.stores.models.find(job.modelId);
    const all = model ? [checkpointWire(job, model, await deps.stores.runs.find(model.runId))] : [];
    return pageFrom(after === undefined ? all : all.filter(({ id }) => id !== after), limit);
  },
});
