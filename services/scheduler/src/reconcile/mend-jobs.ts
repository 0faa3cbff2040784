import { jobStatusesNotFinal } from '@agon/contracts';
import type { JobRecord, SeatRecord } from '@agon/store';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import { mendRacingJob } from './mend-racing-job.ts';

const pageJobs = 100;
/** A pass looks at this many pages at most; the next pass goes on where it stopped. */
const pagesMax = 20;
/** Whoever moved the job this short a time ago is about to ask for the next step itself. */
const freshMs = 5_000;

/** Asks for the next step of every job that has not ended; answers their ids. Where a pass stopped is kept between passes. */
export function buildMendJobs(deps: SchedulerDeps): () => Promise<Set<string>> {
  let after: string | undefined;

  async function mendPage(jobIds: Set<string>): Promise<void> {
    const jobs = await deps.stores.jobs.list({ statuses: jobStatusesNotFinal, after, limit: pageJobs });
    const seats = byJob(await deps.stores.seats.listByJobs(jobs.map((job) => job.id)));
    for (const job of jobs) {
      jobIds.add(job.id);
      await mendOrLog(deps, job, seats.get(job.id) ?? []);
    }
    after = jobs.length < pageJobs ? undefined : jobs.at(-1)?.id;
  }

  return async () => {
    const jobIds = new Set<string>();
    for (let page = 0; page < pagesMax && (page === 0 || after !== undefined); page += 1) await mendPage(jobIds);
    return jobIds;
  };
}

/** One job that cannot be mended must not keep the others waiting. */
async function mendOrLog(deps: SchedulerDeps, job: JobRecord, seats: readonly SeatRecord[]): Promise<void> {
  try {
    await mendJob(deps, job, seats);
  } catch (error) {
    deps.log.error({ err: error, jobId: job.id }, 'a job could not be mended');
  }
}

async function mendJob(deps: SchedulerDeps, job: JobRecord, seats: readonly SeatRecord[]): Promise<void> {
  if (job.status === 'open' || job.status === 'paused') return mendRacingJob(deps, job, seats);
  if (deps.clock.nowMs() - job.updatedAt.getTime() < freshMs) return;
  const jobId = job.id;
  if (job.status === 'preparing') await deps.queue.add(job.parts ? 'job.baseline' : 'job.prepare', { jobId });
  if (job.status === 'judging') await deps.queue.add('job.judge', { jobId });
  if (job.status === 'publishing') await deps.queue.add('job.publish', { jobId });
}

function byJob(seats: readonly SeatRecord[]): Map<string, SeatRecord[]> {
  const groups = new Map<string, SeatRecord[]>();
  for (const seat of seats) {
    const group = groups.get(seat.jobId);
    if (group) group.push(seat);
    else groups.set(seat.jobId, [seat]);
  }
  return groups;
}
