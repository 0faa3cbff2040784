import { isFinalRun, runStatusesAtMiner } from '@agon/contracts';
import { enoughTimeLeft, usefulMs } from './race-times.ts';
import type { RaceJob, RaceRun, RaceSeat } from './race-types.ts';

export type RaceEnd = 'goal' | 'all_seats_final' | 'deadline' | 'nobody_came';

/** `nextLookMs`: the next moment (Unix time in ms) at which time alone may change the answer; null where none will. */
export type RaceState =
  | { readonly over: true; readonly reason: RaceEnd; readonly nextLookMs: null }
  | { readonly over: false; readonly nextLookMs: number | null };

type Race = {
  readonly job: RaceJob;
  readonly seats: readonly RaceSeat[];
  readonly runs: readonly RaceRun[];
  readonly nowMs: number;
};

const over = (reason: RaceEnd): RaceState => ({ over: true, reason, nextLookMs: null });

/**
 * When training ends: the job's deadline or, where a crash kept it from being written, the first run's start and the
 * budget. Null before the first lease.
 */
export function deadlineMsOf(job: Pick<RaceJob, 'deadlineAt' | 'spec'>, runs: readonly RaceRun[]): number | null {
  if (job.deadlineAt) return job.deadlineAt.getTime();
  if (runs.length === 0) return null;
  const firstMs = Math.min(...runs.map((run) => run.createdAt.getTime()));
  return firstMs + Math.round(job.spec.budget.minutes * 60_000);
}

function beforeFirstLease({ job, seats, nowMs }: Race): RaceState {
  const waitMs = job.waitUntil?.getTime() ?? Number.POSITIVE_INFINITY;
  const someoneCame = seats.some((seat) => seat.status === 'leased');
  if (nowMs >= waitMs && !someoneCame) return over('nobody_came');
  return { over: false, nextLookMs: nowMs < waitMs && Number.isFinite(waitMs) ? waitMs : null };
}

/** Whether no run will begin in the seat any more. */
const isDone = (seat: RaceSeat, timeLeft: boolean): boolean =>
  seat.status === 'closed' || (seat.status !== 'leased' && !timeLeft);

/**
 * Whether the race of an open job is over, and when to look again if not.
 *
 * - The goal was reached → `goal`.
 * - Nobody took a seat by `waitUntil` → `nobody_came`.
 * - Every seat is closed, or free without enough time for another attempt, and every run final → `all_seats_final`.
 * - The deadline passed, and no run is at a miner or being scored → `deadline`.
 * - The deadline and the grace time passed → `deadline`, whatever the runs do (those being scored are waited for by the
 *   judge).
 *
 * A job that is not open (paused, or judged already) is never over here.
 */
export function raceIsOver(race: Race): RaceState {
  const { job, seats, runs, nowMs } = race;
  if (job.status !== 'open') return { over: false, nextLookMs: null };
  if (job.goalReached) return over('goal');
  const deadlineMs = deadlineMsOf(job, runs);
  if (deadlineMs === null) return beforeFirstLease(race);
  const budgetMinutes = job.spec.budget.minutes;
  const timeLeft = enoughTimeLeft({ deadlineMs, nowMs, budgetMinutes });
  const allFinal = runs.every((run) => isFinalRun(run.status));
  if (seats.length > 0 && allFinal && seats.every((seat) => isDone(seat, timeLeft))) return over('all_seats_final');
  if (nowMs >= deadlineMs && allFinal) return over('deadline');
  const graceMs = deadlineMs + job.graceSeconds * 1_000;
  if (nowMs >= graceMs) return over('deadline');
  const hasFreeSeat = seats.some((seat) => seat.status === 'open' || seat.status === 'lapsed');
  const tooLateMs = deadlineMs - usefulMs(budgetMinutes) + 1;
  const moments = [...(hasFreeSeat ? [tooLateMs] : []), deadlineMs, graceMs];
  return { over: false, nextLookMs: Math.min(...moments.filter((moment) => moment > nowMs)) };
}

/** Whether the miner still works on the run. */
export const isAtMiner = (run: Pick<RaceRun, 'status'>): boolean =>
  (runStatusesAtMiner as readonly string[]).includes(run.status);
