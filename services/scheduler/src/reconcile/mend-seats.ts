import { isFinalRun } from '@agon/contracts';
import { seatAfterFailure } from '@agon/domain';
import type { JobRecord, RunRecord, SeatRecord } from '@agon/store';
import { announceSeats } from '../announce.ts';
import type { SchedulerDeps } from '../scheduler-deps.ts';

/** A claim writes its run at once; one that is still missing after this time never comes. */
const claimMs = 30_000;

/** While a job is paused the clock of its race stands still, so its deadline moves. */
function withRunningClock(job: JobRecord, nowMs: number): JobRecord {
  if (job.status !== 'paused' || !job.deadlineAt || !job.pausedAt) return job;
  return { ...job, deadlineAt: new Date(job.deadlineAt.getTime() + nowMs - job.pausedAt.getTime()) };
}

type Race = { readonly job: JobRecord; readonly seats: readonly SeatRecord[]; readonly runs: readonly RunRecord[] };

/**
 * Frees or closes held seats whose run has ended, or was never written because the claim broke off. Answers how many
 * seats it changed.
 */
export async function mendSeats(deps: SchedulerDeps, { job, seats, runs }: Race): Promise<number> {
  const runById = new Map(runs.map((run) => [run.id, run]));
  let changed = 0;
  let opened = 0;
  for (const seat of seats) {
    if (seat.status !== 'leased' && seat.status !== 'lapsed') continue;
    const to = nextStatus(deps, { job, seat, run: runById.get(seat.runId ?? '') });
    if (to === undefined) continue;
    const released = await deps.stores.seats.release({ seatId: seat.id, fence: seat.fence, to });
    if (!released) continue;
    changed += 1;
    if (to === 'open') opened += 1;
    deps.log.warn({ jobId: job.id, seat: seat.index, to }, 'a seat without a living run was released');
  }
  if (opened > 0) await announceSeats(deps, job.id);
  return changed;
}

type Held = { readonly job: JobRecord; readonly seat: SeatRecord; readonly run: RunRecord | undefined };

/** What becomes of a held seat; undefined where its holder is alive. */
function nextStatus(deps: SchedulerDeps, { job, seat, run }: Held): 'open' | 'closed' | undefined {
  const nowMs = deps.clock.nowMs();
  if (run === undefined) {
    const leasedMs = seat.leasedAt?.getTime() ?? 0;
    return nowMs - leasedMs > claimMs
      ? seatAfterFailure({ attempts: seat.attempts, job: withRunningClock(job, nowMs), nowMs })
      : undefined;
  }
  if (!isFinalRun(run.status)) return undefined;
  if (run.status === 'scored' || run.status === 'cancelled') return 'closed';
  return seatAfterFailure({ attempts: seat.attempts, job: withRunningClock(job, nowMs), nowMs });
}
