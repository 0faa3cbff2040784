import { AppError, FailRun, isFinalRun, MinerRun } from '@agon/contracts';
import { seatAfterFailure } from '@agon/domain';
import type { RunRecord } from '@agon/store';
import { nowDate, type RouteDeps } from '../deps.ts';
import { announce, enqueue } from '../enqueue.ts';
import { route } from '../http/route.ts';
import { endUploads } from '../jobs/end-runs.ts';
import { findRunByFence, RunParams } from './held-run.ts';
import { readMinerRun } from './read-runs.ts';

async function moveToFailed(deps: RouteDeps, run: RunRecord, body: FailRun): Promise<RunRecord> {
  const now = nowDate(deps);
  const moved = await deps.stores.runs.move({
    runId: run.id,
    from: ['leased', 'training'],
    to: 'failed',
    fence: run.fence,
    set: {
      finishedAt: now,
      lastHeartbeatAt: now,
      failure: { code: `trainer_${body.class}`, class: body.class, message: body.message },
      ...(body.log_tail === '' ? {} : { logTail: body.log_tail }),
    },
    event: {
      type: 'run.failed',
      key: `run.failed:${run.id}`,
      level: 'warn',
      message: `The run of ${run.minerName} in seat ${run.seatIndex} failed (${body.class}): ${body.message}`,
      data: { run: run.id, seat: run.seatIndex, miner_name: run.minerName, class: body.class },
    },
  });
  if (moved) return moved;
  throw new AppError('run_not_accepting', 'The run ended while it was given up.');
}

/** The seat of a failed run goes back, or closes. Safe to repeat: whoever took the seat since has another fence. */
async function freeSeat(deps: RouteDeps, run: RunRecord): Promise<void> {
  const [seat, job] = await Promise.all([deps.stores.seats.find(run.seatId), deps.stores.jobs.find(run.jobId)]);
  if (seat?.fence !== run.fence || (seat.status !== 'leased' && seat.status !== 'lapsed')) return;
  const to = job ? seatAfterFailure({ attempts: seat.attempts, job, nowMs: deps.clock.nowMs() }) : 'closed';
  await deps.stores.seats.release({ seatId: seat.id, fence: run.fence, to });
  await enqueue(deps, 'job.judge', { jobId: run.jobId });
  await announce(deps, { kind: 'seats', jobId: run.jobId });
}

export const failRun = route({
  method: 'post',
  path: '/v1/miner/runs/:run_id/fail',
  tag: 'Miner protocol',
  operationId: 'failRun',
  summary: 'Give a run up',
  description: 'Its seat is offered again while attempts and time are left. Safe to repeat.',
  auth: 'miner',
  request: { params: RunParams, body: FailRun },
  response: MinerRun,
  status: 200,
  errors: ['run_not_found', 'lease_lost', 'run_not_accepting', 'invalid_request', 'invalid_json'],
  async handle({ deps, caller: miner, params, body }) {
    const found = await findRunByFence(deps.stores, { runId: params.run_id, miner, fence: body.fence });
    if (found.status === 'uploaded' || found.status === 'scoring') {
      throw new AppError('run_not_accepting', `The run is ${found.status}; it was handed in already.`);
    }
    const run = isFinalRun(found.status) ? found : await moveToFailed(deps, found, body);
    if (run.status === 'failed') {
      await endUploads(deps, run.id);
      await freeSeat(deps, run);
      await announce(deps, { kind: 'events', jobId: run.jobId });
    }
    return readMinerRun(deps.stores, run);
  },
});
