import { limits } from '@agon/contracts';
import { isAtMiner, leaseSilenceMs, raceIsOver } from '@agon/domain';
import type { JobRecord, RunRecord, SeatRecord } from '@agon/store';
import { announceSeats } from '../announce.ts';
import { leaseLookGridMs } from '../lease/expire-leases.ts';
import { delayOnGrid } from '../on-grid.ts';
import { nowDate, type SchedulerDeps } from '../scheduler-deps.ts';
import { mendSeats } from './mend-seats.ts';

const silenceMs = leaseSilenceMs(limits.heartbeatSeconds);

/** Brings an open or paused job to where its next step is known to the queue: seats, deadline, leases, the next look. */
export async function mendRacingJob(deps: SchedulerDeps, job: JobRecord, known: readonly SeatRecord[]): Promise<void> {
  const ensured = await ensureSeats(deps, job, known);
  const untouched = ensured.every((seat) => seat.status === 'open' && seat.fence === 0);
  const runs = untouched ? [] : await deps.stores.runs.listByJob(job.id);
  const timed = await ensureDeadline(deps, job, runs);
  const changed = await mendSeats(deps, { job: timed, seats: ensured, runs });
  const seats = changed > 0 ? await deps.stores.seats.listByJob(job.id) : ensured;
  await watchLeases(deps, job.id, runs);
  if (timed.status === 'open') await askForLook(deps, { job: timed, seats, runs });
}

async function ensureSeats(deps: SchedulerDeps, job: JobRecord, known: readonly SeatRecord[]) {
  const count = job.spec.budget.seats;
  if (known.length >= count) return known;
  await deps.stores.seats.ensure({ jobId: job.id, count, createdAt: job.openedAt ?? nowDate(deps) });
  await announceSeats(deps, job.id);
  return deps.stores.seats.listByJob(job.id);
}

/** The first lease starts the race; a crash may have kept it from writing down when it ends. */
async function ensureDeadline(deps: SchedulerDeps, job: JobRecord, runs: readonly RunRecord[]): Promise<JobRecord> {
  if (job.deadlineAt !== null || runs.length === 0) return job;
  const startedMs = Math.min(...runs.map((run) => run.createdAt.getTime()));
  const deadlineAt = new Date(startedMs + job.spec.budget.minutes * 60_000);
  const timed = await deps.stores.jobs.update({
    jobId: job.id,
    while: ['open', 'paused'],
    unset: ['deadlineAt'],
    set: { deadlineAt },
    event: {
      type: 'job.racing',
      key: 'job.racing',
      message: `The race has begun and lasts ${job.spec.budget.minutes} minutes.`,
      data: { deadline: deadlineAt.getTime() / 1_000 },
    },
  });
  return timed ?? job;
}

async function watchLeases(deps: SchedulerDeps, jobId: string, runs: readonly RunRecord[]): Promise<void> {
  const beats = runs.filter(isAtMiner).map((run) => run.lastHeartbeatAt.getTime());
  if (beats.length === 0) return;
  const nowMs = deps.clock.nowMs();
  const delayMs = delayOnGrid({ nowMs, atMs: Math.min(...beats) + silenceMs, gridMs: leaseLookGridMs });
  await deps.queue.add('lease.expire', { jobId }, { delayMs });
}

async function askForLook(
  deps: SchedulerDeps,
  race: { job: JobRecord; seats: readonly SeatRecord[]; runs: readonly RunRecord[] },
): Promise<void> {
  const nowMs = deps.clock.nowMs();
  const look = raceIsOver({ ...race, nowMs });
  const dueMs = look.over ? nowMs : look.nextLookMs;
  if (dueMs === null) return;
  await deps.queue.add('job.judge', { jobId: race.job.id }, { delayMs: Math.max(0, dueMs - nowMs) });
}
