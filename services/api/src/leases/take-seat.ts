import { type Lease, limits, runStatusesAtMiner } from '@agon/contracts';
import { leaseSilenceMs, runSeed } from '@agon/domain';
import type { JobRecord, MinerRecord, RunRecord, SeatRecord } from '@agon/store';
import { type AppDeps, nowDate } from '../deps.ts';
import { announce, enqueue } from '../enqueue.ts';
import { endUploads } from '../jobs/end-runs.ts';
import { leaseWire } from './lease-wire.ts';

type Offer = { readonly miner: Pick<MinerRecord, 'id' | 'name'>; readonly seat: SeatRecord; readonly job: JobRecord };

const silenceMs = leaseSilenceMs(limits.heartbeatSeconds);

/** The job with its deadline, which the first lease sets; undefined where it is open no more. */
async function startRace(deps: AppDeps, jobId: string, minerName: string): Promise<JobRecord | undefined> {
  const job = await deps.stores.jobs.find(jobId);
  if (job?.status !== 'open' || job.deadlineAt) return job?.status === 'open' ? job : undefined;
  const { minutes } = job.spec.budget;
  const deadlineMs = deps.clock.nowMs() + minutes * 60_000;
  const started = await deps.stores.jobs.update({
    jobId,
    while: ['open'],
    unset: ['deadlineAt'],
    set: { deadlineAt: new Date(deadlineMs) },
    event: {
      type: 'job.racing',
      key: 'job.racing',
      message: `The race begins with ${minerName} and lasts ${minutes} minutes.`,
      data: { deadline: deadlineMs / 1000 },
    },
  });
  if (!started) {
    const other = await deps.stores.jobs.find(jobId);
    return other?.status === 'open' && other.deadlineAt ? other : undefined;
  }
  await enqueue(deps, 'job.judge', { jobId }, { delayMs: deadlineMs - deps.clock.nowMs() });
  await enqueue(deps, 'job.judge', { jobId }, { delayMs: deadlineMs - deps.clock.nowMs() + job.graceSeconds * 1000 });
  return started;
}

function runRecord(deps: AppDeps, { miner, job }: Offer, seat: SeatRecord, runId: string): RunRecord {
  const now = nowDate(deps);
  return {
    id: runId,
    jobId: job.id,
    accountId: job.accountId,
    seatId: seat.id,
    seatIndex: seat.index,
    fence: seat.fence,
    minerId: miner.id,
    minerName: miner.name,
    template: null,
    image: null,
    status: 'leased',
    seed: runSeed(job.seed, runId),
    createdAt: now,
    lastHeartbeatAt: now,
    finishedAt: null,
    progress: null,
    usage: null,
    curve: [],
    logTail: '',
    submission: null,
    failure: null,
  };
}

/** The run whose miner fell silent so long that another took its seat. */
async function expireOldRun(deps: AppDeps, { seat, miner }: Offer): Promise<void> {
  if (seat.status !== 'lapsed' || seat.runId === null) return;
  const message = 'The miner fell silent and another one took its seat.';
  await deps.stores.runs.move({
    runId: seat.runId,
    from: runStatusesAtMiner,
    to: 'expired',
    set: { finishedAt: nowDate(deps), failure: { code: 'lease_lost', class: 'timeout', message } },
    event: {
      type: 'run.expired',
      key: `run.expired:${seat.runId}`,
      level: 'warn',
      message: `The run in seat ${seat.index} ended: its miner fell silent and ${miner.name} took the seat.`,
      data: { run: seat.runId, seat: seat.index, code: 'lease_lost' },
    },
  });
  await endUploads(deps, seat.runId);
}

/**
 * Takes a free seat for a miner and makes its run. Answers undefined where another was faster or the job is open no more.
 * What a crash leaves between the steps, the reconciler finishes.
 */
export async function takeSeat(deps: AppDeps, offer: Offer): Promise<Lease | undefined> {
  const { miner, seat } = offer;
  const runId = deps.newId('run');
  const now = nowDate(deps);
  const claimed = await deps.stores.seats.claim({ seatId: seat.id, fence: seat.fence, minerId: miner.id, runId, now });
  if (!claimed) return undefined;
  const job = await startRace(deps, seat.jobId, miner.name);
  if (!job) {
    await deps.stores.seats.release({ seatId: seat.id, fence: claimed.fence, to: 'open' });
    return undefined;
  }
  const run = runRecord(deps, { ...offer, job }, claimed, runId);
  await deps.stores.runs.insert(run, {
    type: 'run.leased',
    key: `run.leased:${runId}`,
    message: `${miner.name} took seat ${seat.index}.`,
    data: { run: runId, seat: seat.index, miner: miner.id, miner_name: miner.name, fence: run.fence },
  });
  await expireOldRun(deps, offer);
  await enqueue(deps, 'lease.expire', { jobId: job.id }, { delayMs: silenceMs });
  await announce(deps, { kind: 'events', jobId: job.id });
  const baseModel = job.baseModel ? await deps.stores.baseModels.find(job.baseModel.id) : undefined;
  return leaseWire(run, job, baseModel ?? null);
}

/** Undoes a lease that could not be delivered: its miner had gone. */
export async function returnSeat(deps: AppDeps, lease: Lease): Promise<void> {
  const message = 'The miner closed its connection before it had the lease.';
  const run = await deps.stores.runs.move({
    runId: lease.run,
    from: 'leased',
    to: 'expired',
    fence: lease.fence,
    set: { finishedAt: nowDate(deps), failure: { code: 'lease_not_delivered', class: 'network', message } },
    event: {
      type: 'run.expired',
      key: `run.expired:${lease.run}`,
      message: `The run ended before it began: ${message}`,
      data: { run: lease.run, code: 'lease_not_delivered' },
    },
  });
  if (!run) return;
  await deps.stores.seats.release({ seatId: run.seatId, fence: run.fence, to: 'open' });
  await announce(deps, { kind: 'seats', jobId: run.jobId });
}
