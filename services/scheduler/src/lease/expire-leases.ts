import { type HandlerOutcome, isFinalJob, limits, type RunFailure } from '@agon/contracts';
import { isAtMiner, leaseSilenceMs } from '@agon/domain';
import type { JobRecord, RunRecord, SeatRecord } from '@agon/store';
import { announceEvents, announceSeats } from '../announce.ts';
import { endRun, endUploads } from '../end-run.ts';
import { delayOnGrid } from '../on-grid.ts';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import { settleFinalJob } from '../settle-final-job.ts';

const silenceMs = leaseSilenceMs(limits.heartbeatSeconds);
/** Every claim asks for a look, and every look for the next; on the grid they become one. */
export const leaseLookGridMs = 15_000;

/**
 * Looks at the runs of a job that are at their miners: a silent one loses its hold on the seat, one that lost its seat
 * for good ends. Asks for the next look while runs are at miners.
 */
export async function expireLeases(deps: SchedulerDeps, { jobId }: { jobId: string }): Promise<HandlerOutcome> {
  const job = await deps.stores.jobs.find(jobId);
  if (!job) return 'skipped';
  if (isFinalJob(job.status)) return (await settleFinalJob(deps, job)) > 0 ? 'done' : 'skipped';
  // Runs before seats: a seat read later than its run cannot make a fresh run look as if it had lost its seat.
  const runs = await deps.stores.runs.listByJob(jobId);
  const seats = new Map((await deps.stores.seats.listByJob(jobId)).map((seat) => [seat.id, seat]));
  const atMiners = runs.filter(isAtMiner);
  const looks: number[] = [];
  for (const run of atMiners) {
    const nextLookMs = await lookAtRun(deps, { job, run, seat: seats.get(run.seatId) });
    if (nextLookMs !== null) looks.push(nextLookMs);
  }
  if (looks.length > 0) {
    const delayMs = delayOnGrid({ nowMs: deps.clock.nowMs(), atMs: Math.min(...looks), gridMs: leaseLookGridMs });
    await deps.queue.add('lease.expire', { jobId }, { delayMs });
  }
  const expired = runs.filter((run) => run.status === 'expired');
  // What ended at an earlier look that broke off before it was done with it.
  for (const run of expired) await endUploads(deps, run.id);
  if (expired.length > 0 || looks.length < atMiners.length) await deps.queue.add('job.judge', { jobId });
  return atMiners.length > 0 ? 'done' : 'skipped';
}

type RunInSeat = { readonly job: JobRecord; readonly run: RunRecord; readonly seat: SeatRecord | undefined };

/** Answers when to look again, in ms since 1970; null where the run is over. */
async function lookAtRun(deps: SchedulerDeps, { job, run, seat }: RunInSeat): Promise<number | null> {
  const holds = seat?.fence === run.fence && (seat.status === 'leased' || seat.status === 'lapsed');
  if (!holds) return expire(deps, run, seatLost(seat, run));
  const silentAtMs = run.lastHeartbeatAt.getTime() + silenceMs;
  const nowMs = deps.clock.nowMs();
  if (nowMs <= silentAtMs) return silentAtMs + 1;
  const acceptedUntilMs = acceptedUntil(job);
  if (acceptedUntilMs !== null && nowMs > acceptedUntilMs) return expire(deps, run, deadlinePassed);
  if (seat.status === 'leased' && !(await deps.stores.seats.lapse({ seatId: seat.id, fence: run.fence }))) {
    return nowMs;
  }
  await tellSilence(deps, run, nowMs);
  return acceptedUntilMs === null ? nowMs + silenceMs : Math.min(nowMs + silenceMs, acceptedUntilMs + 1);
}

/** The last instant at which a submission of this job is taken; null while the clock of the race does not run. */
const acceptedUntil = (job: JobRecord): number | null =>
  job.deadlineAt === null || job.status === 'paused' ? null : job.deadlineAt.getTime() + job.graceSeconds * 1_000;

const deadlinePassed: RunFailure = {
  code: 'deadline_passed',
  class: 'timeout',
  message: 'The miner fell silent, and the deadline and its grace time passed before it came back.',
};

const seatLost = (seat: SeatRecord | undefined, run: RunRecord): RunFailure => ({
  code: 'lease_lost',
  class: 'timeout',
  message:
    seat !== undefined && seat.fence > run.fence
      ? 'The miner fell silent and another one took its seat.'
      : 'The seat of the run was closed or freed.',
});

async function expire(deps: SchedulerDeps, run: RunRecord, failure: RunFailure): Promise<null> {
  await endRun(deps, { run, to: 'expired', failure });
  return null;
}

async function tellSilence(deps: SchedulerDeps, run: RunRecord, nowMs: number): Promise<void> {
  const seconds = Math.round((nowMs - run.lastHeartbeatAt.getTime()) / 1_000);
  await deps.stores.events.append(run.jobId, {
    type: 'run.silent',
    level: 'warn',
    message: `${run.minerName} has been silent for ${seconds} s; its seat ${run.seatIndex} is free for others, and it may still come back.`,
    key: `run.silent:${run.id}:${run.lastHeartbeatAt.getTime()}`,
    data: { run: run.id, seat: run.seatIndex, miner_name: run.minerName, silent_seconds: seconds },
  });
  await announceEvents(deps, run.jobId);
  await announceSeats(deps, run.jobId);
}
