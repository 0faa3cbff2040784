import { isFinalRun, modelIdOfJob } from '@agon/contracts';
import type { JobRecord } from '@agon/store';
import { endRun, endUploads, mayHaveUploads } from './end-run.ts';
import { nowDate, type SchedulerDeps } from './scheduler-deps.ts';

/**
 * Ends what an ended job may have left: runs that still go on, their uploads, seats that are not closed. Safe to repeat.
 * Answers how many runs and seats it ended.
 */
export async function settleFinalJob(deps: SchedulerDeps, job: Pick<JobRecord, 'id' | 'status'>): Promise<number> {
  const message = `The job is ${job.status}, so its runs have no use any more.`;
  let ended = 0;
  for (const run of await deps.stores.runs.listByJob(job.id)) {
    if (mayHaveUploads(run)) await endUploads(deps, run.id);
    if (isFinalRun(run.status)) continue;
    const failure = { code: `job_${job.status}`, class: null, message };
    if (await endRun(deps, { run, to: 'cancelled', failure })) ended += 1;
  }
  if (job.status !== 'succeeded') {
    const ends = `The job is ${job.status}, so there is no model to push.`;
    await deps.stores.pushes.endWaiting({ modelId: modelIdOfJob(job.id), message: ends, now: nowDate(deps) });
  }
  return ended + (await deps.stores.seats.closeAll(job.id));
}
