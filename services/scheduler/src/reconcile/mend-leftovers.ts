import { isFinalJob, runStatusesAtMiner } from '@agon/contracts';
import type { RunRecord } from '@agon/store';
import { endUploads } from '../end-run.ts';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import { settleFinalJob } from '../settle-final-job.ts';

const batch = 500;

/**
 * Asks for the scoring of every submission that waits for it, and ends what a job that has ended, or was deleted, left
 * behind: it is found by its runs and free seats, so ended jobs are not read again and again.
 *
 * @param known jobs that have not ended.
 */
export async function mendLeftovers(deps: SchedulerDeps, known: ReadonlySet<string>): Promise<number> {
  const { runs, seats } = deps.stores;
  const uploaded = await runs.listByStatus({ statuses: ['uploaded', 'scoring'], limit: batch });
  const atMiners = await runs.listByStatus({ statuses: runStatusesAtMiner, limit: batch });
  const free = await seats.listFree({ limit: batch });
  const ended = new Set<string>();
  const suspects = new Set([...uploaded, ...atMiners, ...free].map((one) => one.jobId).filter((id) => !known.has(id)));
  for (const jobId of suspects) if (await settled(deps, jobId)) ended.add(jobId);
  await askForScores(
    deps,
    uploaded.filter((run) => !ended.has(run.jobId)),
  );
  return ended.size;
}

async function askForScores(deps: SchedulerDeps, uploaded: readonly RunRecord[]): Promise<void> {
  for (const run of uploaded) await deps.queue.add('run.score', { runId: run.id });
}

/** Settles a job that has ended; answers false where it goes on. */
async function settled(deps: SchedulerDeps, jobId: string): Promise<boolean> {
  const job = await deps.stores.jobs.find(jobId);
  if (!job) await forget(deps, jobId);
  else if (isFinalJob(job.status)) await settleFinalJob(deps, job);
  else return false;
  return true;
}

/** Deletes what a deleted job left. */
async function forget(deps: SchedulerDeps, jobId: string): Promise<void> {
  const { evaluations, events, runs, seats, uploads } = deps.stores;
  for (const run of await runs.listByJob(jobId)) await endUploads(deps, run.id);
  await uploads.deleteByJob(jobId);
  await evaluations.deleteByJob(jobId);
  await seats.deleteByJob(jobId);
  await runs.deleteByJob(jobId);
  await events.deleteByJob(jobId);
}
