import { isFinalJob, JobStatus } from '@agon/contracts';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import { settleFinalJob } from '../settle-final-job.ts';

const finalStatuses = JobStatus.options.filter(isFinalJob);
const jobsPerPass = 20;
const restMs = 60 * 60 * 1_000;

/**
 * Goes slowly over all ended jobs, a few in each pass and then not for an hour, for what the faster looks do not find: a
 * held seat that was not closed, an upload that was not ended.
 */
export function buildSweepFinalJobs(deps: SchedulerDeps): () => Promise<number> {
  let after: string | undefined;
  let restUntilMs = 0;
  return async () => {
    if (deps.clock.nowMs() < restUntilMs) return 0;
    const jobs = await deps.stores.jobs.list({ statuses: finalStatuses, after, limit: jobsPerPass });
    let mended = 0;
    for (const job of jobs) mended += await settleFinalJob(deps, job);
    after = jobs.length < jobsPerPass ? undefined : jobs.at(-1)?.id;
    if (after === undefined) restUntilMs = deps.clock.nowMs() + restMs;
    return mended;
  };
}
