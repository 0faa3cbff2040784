import { AppError, isFinalJob, Job } from '@agon/contracts';
import type { JobRecord } from '@agon/store';
import { nowDate, type RouteDeps } from '../deps.ts';
import { announce, enqueue } from '../enqueue.ts';
import { route } from '../http/route.ts';
import { findJob, JobParams, readJob } from './find-job.ts';

type Owned = { readonly jobId: string; readonly accountId: string };

/** The job where it is in the wanted state already. @throws AppError `job_already_final`, `job_not_pausable`. */
async function unlessMoved(deps: RouteDeps, owned: Owned, status: 'open' | 'paused'): Promise<JobRecord> {
  const job = await findJob(deps.stores, owned);
  if (job.status === status) return job;
  if (isFinalJob(job.status)) throw new AppError('job_already_final', `The job has ended: it is ${job.status}.`);
  throw new AppError('job_not_pausable', `The job is ${job.status}.`);
}

/** @throws AppError `job_not_found`, `job_already_final`, `job_not_pausable`. */
export async function pauseOwnJob(deps: RouteDeps, owned: Owned): Promise<JobRecord> {
  const found = await findJob(deps.stores, owned);
  const moved = await deps.stores.jobs.move({
    jobId: found.id,
    from: 'open',
    to: 'paused',
    set: { pausedAt: nowDate(deps) },
    event: { type: 'job.paused', message: 'The client paused the job; no further seat is given away.' },
  });
  const job = moved ?? (await unlessMoved(deps, owned, 'paused'));
  await announce(deps, { kind: 'events', jobId: job.id });
  return job;
}

const later = (date: Date | null, ms: number): Date | null => (date ? new Date(date.getTime() + ms) : null);

/** @throws AppError `job_not_found`, `job_already_final`, `job_not_pausable`. */
export async function resumeOwnJob(deps: RouteDeps, owned: Owned): Promise<JobRecord> {
  const found = await findJob(deps.stores, owned);
  const nowMs = deps.clock.nowMs();
  const pausedMs = found.pausedAt ? Math.max(0, nowMs - found.pausedAt.getTime()) : 0;
  const deadlineAt = later(found.deadlineAt, pausedMs);
  const waitUntil = later(found.waitUntil, pausedMs);
  const moved = await deps.stores.jobs.move({
    jobId: found.id,
    from: 'paused',
    to: 'open',
    set: { pausedAt: null, deadlineAt, waitUntil },
    event: { type: 'job.resumed', message: 'The client resumed the job.' },
  });
  if (!moved) return unlessMoved(deps, owned, 'open');
  await lookLater(deps, moved);
  await announce(deps, { kind: 'seats', jobId: moved.id });
  await announce(deps, { kind: 'events', jobId: moved.id });
  return moved;
}

const shared = {
  method: 'post',
  tag: 'Jobs',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { params: JobParams },
  response: Job,
  status: 200,
  errors: ['job_not_found', 'job_not_pausable', 'job_already_final'],
} as const;

export const pauseJob = route({
  ...shared,
  path: '/v1/jobs/:job_id/pause',
  operationId: 'pauseJob',
  summary: 'Pause a job',
  description: 'No seat is given away and the clock of the race stands still; runs that train go on.',
  async handle({ deps, caller, params }) {
    const owned = { jobId: params.job_id, accountId: caller.accountId };
    return readJob(deps.stores, await pauseOwnJob(deps, owned));
  },
});

export const resumeJob = route({
  ...shared,
  path: '/v1/jobs/:job_id/resume',
  operationId: 'resumeJob',
  summary: 'Resume a paused job',
  description: 'The deadline moves by the time that the job was paused.',
  async handle({ deps, caller, params }) {
    const owned = { jobId: params.job_id, accountId: caller.accountId };
    return readJob(deps.stores, await resumeOwnJob(deps, owned));
  },
});

/** The looks of the judge were due at the old times. */
async function lookLater(deps: RouteDeps, job: JobRecord): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const deadlineMs = job.deadlineAt?.getTime();
  const times =
    deadlineMs === undefined ? [job.waitUntil?.getTime()] : [deadlineMs, deadlineMs + job.graceSeconds * 1000];
  for (const timeMs of times) {
    if (timeMs !== undefined)
      await enqueue(deps, 'job.judge', { jobId: job.id }, { delayMs: Math.max(0, timeMs - nowMs) });
  }
}
