import type { HandlerOutcome } from '@agon/contracts';
import type { JobRecord } from '@agon/store';
import { announce } from '../announce.ts';
import { type EvaluatorDeps, nowDate } from '../evaluator-deps.ts';

/** Makes the seats of a measured job and offers them. Safe to repeat at any point. */
export async function openJob(deps: EvaluatorDeps, job: JobRecord): Promise<HandlerOutcome> {
  const openedAt = nowDate(deps);
  const { seats, minutes, wait_minutes: waitMinutes } = job.spec.budget;
  await deps.stores.seats.ensure({ jobId: job.id, count: seats, createdAt: openedAt });
  const opened = await deps.stores.jobs.move({
    jobId: job.id,
    from: 'preparing',
    to: 'open',
    set: { openedAt, waitUntil: new Date(openedAt.getTime() + waitMinutes * 60_000) },
    event: {
      type: 'job.opened',
      key: 'job.opened',
      message: `The race is open: ${seats} ${seats === 1 ? 'seat' : 'seats'}, ${minutes} minutes from the first lease.`,
      data: { seats, minutes, split_commitment: job.splitCommitment },
    },
  });
  if (!opened) return 'skipped';
  await announceOpenJob(deps, opened);
  return 'done';
}

/** Tells the miners, and has somebody look when waiting for them ends. */
export async function announceOpenJob(deps: EvaluatorDeps, job: JobRecord): Promise<void> {
  const waitMs = (job.waitUntil?.getTime() ?? 0) - deps.clock.nowMs();
  await deps.queue.add('job.judge', { jobId: job.id }, { delayMs: Math.max(0, waitMs) });
  await announce(deps, 'seats', job.id);
  await announce(deps, 'events', job.id);
}
