import { limits } from '@agon/contracts';
import { enoughTimeLeft } from './race-times.ts';
import type { RaceJob } from './race-types.ts';

/**
 * What becomes of a seat whose run failed, expired or was rejected: offered again while attempts and time are left and
 * the race goes on, else closed. A paused job keeps its seats.
 *
 * @param input.attempts leases of the seat so far, the failed one included.
 */
export function seatAfterFailure(input: {
  attempts: number;
  job: Pick<RaceJob, 'status' | 'deadlineAt' | 'goalReached' | 'spec'>;
  nowMs: number;
}): 'open' | 'closed' {
  const { attempts, job, nowMs } = input;
  const races = (job.status === 'open' || job.status === 'paused') && !job.goalReached;
  const deadlineMs = job.deadlineAt?.getTime() ?? null;
  const timeLeft = enoughTimeLeft({ deadlineMs, nowMs, budgetMinutes: job.spec.budget.minutes });
  return races && timeLeft && attempts < limits.seatAttemptsMax ? 'open' : 'closed';
}
