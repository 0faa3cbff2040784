import { type HandlerOutcome, isFinalJob } from '@agon/contracts';
import { raceIsOver } from '@agon/domain';
import type { JobRecord } from '@agon/store';
import { announceEvents } from '../announce.ts';
import { failJob, withAdvice } from '../fail-job.ts';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import { settleFinalJob } from '../settle-final-job.ts';
import { closeRace } from './close-race.ts';
import { decideWinner } from './decide-winner.ts';

/**
 * Looks whether the race of a job is over and, when it is, closes and judges it. Safe to deliver twice: every step is a
 * compare-and-set or leaves the same thing when it is done again; a redelivery goes on where the last one broke off.
 */
export async function judgeJob(deps: SchedulerDeps, { jobId }: { jobId: string }): Promise<HandlerOutcome> {
  const job = await deps.stores.jobs.find(jobId);
  if (!job) return 'skipped';
  if (isFinalJob(job.status)) return (await settleFinalJob(deps, job)) > 0 ? 'done' : 'skipped';
  if (job.status === 'publishing') {
    await deps.queue.add('job.publish', { jobId });
    return 'skipped';
  }
  if (job.status === 'open') return lookAtRace(deps, job);
  return job.status === 'judging' ? finishRace(deps, job) : 'skipped';
}

async function lookAtRace(deps: SchedulerDeps, job: JobRecord): Promise<HandlerOutcome> {
  const runs = await deps.stores.runs.listByJob(job.id);
  const seats = await deps.stores.seats.listByJob(job.id);
  const nowMs = deps.clock.nowMs();
  const look = raceIsOver({ job, seats, runs, nowMs });
  if (!look.over) {
    const delayMs = look.nextLookMs === null ? null : Math.max(0, look.nextLookMs - nowMs);
    if (delayMs !== null) await deps.queue.add('job.judge', { jobId: job.id }, { delayMs });
    return 'done';
  }
  if (look.reason === 'nobody_came') return nobodyCame(deps, job);
  const judging = await deps.stores.jobs.move({
    jobId: job.id,
    from: 'open',
    to: 'judging',
    event: {
      type: 'job.judging',
      key: 'job.judging',
      message: `The race is over: ${reasons[look.reason]}.`,
      data: { reason: look.reason },
    },
  });
  if (!judging) return 'skipped';
  await announceEvents(deps, job.id);
  return finishRace(deps, judging);
}

const reasons = {
  goal: 'a submission reached the goal',
  all_seats_final: 'every seat is done',
  deadline: 'the deadline and its grace time have passed',
} as const;

async function nobodyCame(deps: SchedulerDeps, job: JobRecord): Promise<HandlerOutcome> {
  const code = 'no_miner_took_a_seat';
  const message = withAdvice(code, `No miner took a seat within ${job.spec.budget.wait_minutes} minutes.`);
  const failed = await failJob(deps, { job, from: 'open', code, message });
  if (!failed) return 'skipped';
  await settleFinalJob(deps, failed);
  return 'done';
}

async function finishRace(deps: SchedulerDeps, job: JobRecord): Promise<HandlerOutcome> {
  const runs = await closeRace(deps, job);
  if (runs === 'not_final') return 'done';
  const moved = await decideWinner(deps, job, runs);
  if (!moved) return 'skipped';
  if (moved.status === 'publishing') await deps.queue.add('job.publish', { jobId: job.id });
  else await settleFinalJob(deps, moved);
  return 'done';
}
