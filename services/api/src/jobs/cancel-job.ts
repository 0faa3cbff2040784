import { AppError, Job, jobStatusesNotFinal, modelIdOfJob } from '@agon/contracts';
import type { JobRecord } from '@agon/store';
import { nowDate, type RouteDeps } from '../deps.ts';
import { announce, enqueue } from '../enqueue.ts';
import { route } from '../http/route.ts';
import { endRunsOf } from './end-runs.ts';
import { findJob, JobParams, readJob } from './find-job.ts';

/** Cancels a job of the account and stops its runs. @throws AppError `job_not_found`, `job_already_final`. */
export async function cancelOwnJob(deps: RouteDeps, owned: { jobId: string; accountId: string }): Promise<JobRecord> {
  const found = await findJob(deps.stores, owned);
  const moved = await deps.stores.jobs.move({
    jobId: found.id,
    from: jobStatusesNotFinal,
    to: 'cancelled',
    set: { finishedAt: nowDate(deps) },
    event: { type: 'job.cancelled', key: 'job.cancelled', level: 'warn', message: 'The client cancelled the job.' },
  });
  const job = moved ?? (await findJob(deps.stores, owned));
  if (job.status !== 'cancelled') throw new AppError('job_already_final', `The job has ended: it ${job.status}.`);
  await endRunsOf(deps, job.id);
  const message = 'The job was cancelled, so there is no model to push.';
  await deps.stores.pushes.endWaiting({ modelId: modelIdOfJob(job.id), message, now: nowDate(deps) });
  await announce(deps, { kind: 'events', jobId: job.id });
  await enqueue(deps, 'webhook.plan', { jobId: job.id });
  return job;
}

export const cancelJob = route({
  method: 'post',
  path: '/v1/jobs/:job_id/cancel',
  tag: 'Jobs',
  operationId: 'cancelJob',
  summary: 'Cancel a job',
  description: 'Its runs are stopped. Cancelling a cancelled job changes nothing.',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { params: JobParams },
  response: Job,
  status: 200,
  errors: ['job_not_found', 'job_already_final'],
  async handle({ deps, caller, params }) {
    const job = await cancelOwnJob(deps, { jobId: params.job_id, accountId: caller.accountId });
    return readJob(deps.stores, job);
  },
});
