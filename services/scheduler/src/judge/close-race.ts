import { isFinalRun, type RunFailure } from '@agon/contracts';
import { isAtMiner } from '@agon/domain';
import type { JobRecord, RunRecord } from '@agon/store';
import { endRun, endUploads, mayHaveUploads } from '../end-run.ts';
import { delayOnGrid } from '../on-grid.ts';
import type { SchedulerDeps } from '../scheduler-deps.ts';

/** Looks that wait for the same scores meet on this grid and become one. */
const lookGridMs = 5_000;

/**
 * Closes the seats of a job that is being judged and ends the runs that are still at their miners. Answers all runs once
 * each is final; while some are being scored, asks for them and for another look.
 */
export async function closeRace(deps: SchedulerDeps, job: JobRecord): Promise<RunRecord[] | 'not_final'> {
  await deps.stores.seats.closeFree(job.id);
  for (const run of await deps.stores.runs.listByJob(job.id)) {
    if (isAtMiner(run)) await cutOff(deps, job, run);
    else if (mayHaveUploads(run)) await endUploads(deps, run.id);
  }
  const runs = await deps.stores.runs.listByJob(job.id);
  const pending = runs.filter((run) => !isFinalRun(run.status));
  if (pending.length === 0) {
    await deps.stores.seats.closeAll(job.id);
    return runs;
  }
  for (const run of pending) {
    if (run.status === 'uploaded' || run.status === 'scoring') await deps.queue.add('run.score', { runId: run.id });
  }
  const nowMs = deps.clock.nowMs();
  await deps.queue.add(
    'job.judge',
    { jobId: job.id },
    { delayMs: delayOnGrid({ nowMs, atMs: nowMs, gridMs: lookGridMs }) },
  );
  return 'not_final';
}

async function cutOff(deps: SchedulerDeps, job: JobRecord, run: RunRecord): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const deadlineMs = job.deadlineAt?.getTime() ?? Number.POSITIVE_INFINITY;
  const goalEndedIt = job.goalReached && nowMs <= deadlineMs + job.graceSeconds * 1_000;
  if (goalEndedIt) await endRun(deps, { run, to: 'cancelled', failure: goalReached });
  else if (nowMs >= deadlineMs) await endRun(deps, { run, to: 'expired', failure: deadlinePassed });
  else await endRun(deps, { run, to: 'cancelled', failure: raceOver });
}

const deadlinePassed: RunFailure = {
  code: 'deadline_passed',
  class: 'timeout',
  message: 'The deadline and its grace time passed before the submission was finished.',
};
const goalReached: RunFailure = {
  code: 'goal_reached',
  class: null,
  message: 'Another submission reached the goal of the job, which ended the race early.',
};
const raceOver: RunFailure = { code: 'race_over', class: null, message: 'The race was over before this run was done.' };
