import { AppError, type JobStatus, RunId, type RunStatus } from '@agon/contracts';
import type { JobRecord, MinerRecord, RunRecord, Stores } from '@agon/store';
import { z } from 'zod';

export const RunParams = z.object({ run_id: RunId });

/** @throws AppError `run_not_found`, also where the run is another miner's. */
export async function findRun(
  stores: Pick<Stores, 'runs'>,
  owned: { runId: string; minerId: string },
): Promise<RunRecord> {
  const run = await stores.runs.find(owned.runId);
  if (run?.minerId === owned.minerId) return run;
  throw new AppError('run_not_found', `There is no run ${owned.runId}.`);
}

/** @throws AppError `run_not_found`, `lease_lost` for another fence than the run's. */
export async function findRunByFence(
  stores: Pick<Stores, 'runs'>,
  asked: { runId: string; miner: MinerRecord; fence: number },
): Promise<RunRecord> {
  const run = await findRun(stores, { runId: asked.runId, minerId: asked.miner.id });
  if (run.fence === asked.fence) return run;
  throw new AppError('lease_lost', `The run has the fence ${run.fence}, not ${asked.fence}.`);
}

/** When training must end, in ms since 1970: while a job is paused the clock stands still. */
export function deadlineMsOf(job: Pick<JobRecord, 'deadlineAt' | 'pausedAt' | 'status'>, nowMs: number): number {
  if (!job.deadlineAt) return nowMs;
  const pausedMs = job.status === 'paused' && job.pausedAt ? Math.max(0, nowMs - job.pausedAt.getTime()) : 0;
  return job.deadlineAt.getTime() + pausedMs;
}

const atMiner: readonly RunStatus[] = ['leased', 'training'];
const racing: readonly JobStatus[] = ['open', 'paused'];

/**
 * Whether the run still holds its seat; a lapsed seat that nobody took is taken back. Any contact of the miner counts.
 *
 * @throws AppError `lease_lost` where the run expired or another has the seat.
 */
export async function holdSeat(stores: Pick<Stores, 'seats'>, run: RunRecord): Promise<void> {
  const lost = (): AppError => new AppError('lease_lost', 'Another miner has the seat of this run.');
  if (run.status === 'expired') throw new AppError('lease_lost', run.failure?.message ?? 'The run expired.');
  const seat = await stores.seats.find(run.seatId);
  if (seat?.fence !== run.fence) throw lost();
  if (seat.status === 'leased') return;
  if (seat.status !== 'lapsed') throw new AppError('lease_lost', 'The seat of this run was closed.');
  if (await stores.seats.resume({ seatId: seat.id, fence: run.fence })) return;
  const now = await stores.seats.find(run.seatId);
  if (now?.fence !== run.fence || now.status !== 'leased') throw lost();
}

/**
 * The job of a run that its miner is to train, for what it downloads.
 *
 * @throws AppError `run_not_found`, `run_not_accepting`, `lease_lost`.
 */
export async function findTrainingJob(
  stores: Pick<Stores, 'runs' | 'seats' | 'jobs'>,
  owned: { runId: string; minerId: string },
): Promise<JobRecord> {
  const run = await findRun(stores, owned);
  if (!atMiner.includes(run.status)) throw new AppError('run_not_accepting', `The run is ${run.status}.`);
  await holdSeat(stores, run);
  const job = await stores.jobs.find(run.jobId);
  if (job && racing.includes(job.status)) return job;
  throw new AppError('lease_lost', 'The race of this run is over.');
}

/**
 * Refuses what a miner sends of a run that is not its to work on any more.
 *
 * @throws AppError `run_not_accepting`, `lease_lost`.
 */
export async function checkAccepting(
  stores: Pick<Stores, 'seats' | 'jobs'>,
  run: RunRecord,
  nowMs: number,
): Promise<JobRecord> {
  if (run.status === 'expired') await holdSeat(stores, run);
  if (!atMiner.includes(run.status)) throw new AppError('run_not_accepting', `The run is ${run.status}.`);
  const job = await stores.jobs.find(run.jobId);
  if (!job || !racing.includes(job.status)) {
    throw new AppError('lease_lost', `The job is ${job?.status ?? 'deleted'} and takes no submission.`);
  }
  if (nowMs > deadlineMsOf(job, nowMs) + job.graceSeconds * 1000) {
    throw new AppError('lease_lost', 'The deadline of the job and its grace time have passed.');
  }
  await holdSeat(stores, run);
  return job;
}
