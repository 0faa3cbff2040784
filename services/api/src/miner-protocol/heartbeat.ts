import { Heartbeat, HeartbeatAnswer, isFinalJob, limits, type Progress } from '@agon/contracts';
import type { JobRecord, RunChange, RunRecord } from '@agon/store';
import { nowDate, type RouteDeps } from '../deps.ts';
import { announce } from '../enqueue.ts';
import { route } from '../http/route.ts';
import { deadlineMsOf, findRunByFence, holdSeat, RunParams } from './held-run.ts';
import { addPoint } from './loss-curve.ts';

type Command = Pick<HeartbeatAnswer, 'command' | 'reason'>;

/** What the state of the job tells the miner to do. */
function commandOf(run: RunRecord, job: JobRecord | undefined, nowMs: number): Command {
  if (!job) return { command: 'stop', reason: 'The job was deleted.' };
  if (isFinalJob(job.status)) return { command: 'stop', reason: `The job ended: it is ${job.status}.` };
  if (job.goalReached) return { command: 'stop', reason: 'The goal of the job was reached.' };
  if (job.status !== 'open' && job.status !== 'paused') return { command: 'stop', reason: `The job is ${job.status}.` };
  if (run.status !== 'leased' && run.status !== 'training') {
    return { command: 'stop', reason: `The run is ${run.status}.` };
  }
  if (nowMs >= deadlineMsOf(job, nowMs)) return { command: 'finish', reason: 'The deadline has passed.' };
  return { command: 'continue', reason: null };
}

function changeOf(run: RunRecord, beat: Heartbeat, now: Date): RunChange {
  const { progress, template, image, usage, log_tail: logTail } = beat;
  const seconds = Math.round((now.getTime() - run.createdAt.getTime()) / 100) / 10;
  return {
    lastHeartbeatAt: now,
    ...(template === undefined ? {} : { template }),
    ...(image === undefined ? {} : { image }),
    ...(usage === undefined ? {} : { usage }),
    ...(logTail === undefined ? {} : { logTail }),
    ...(progress === undefined
      ? {}
      : { progress, curve: addPoint(run.curve, progress, seconds, limits.curvePointsMax) }),
  };
}

/** Keeps what the beat says. The first one begins the training. */
async function keepBeat(deps: RouteDeps, run: RunRecord, beat: Heartbeat): Promise<void> {
  const { runs } = deps.stores;
  const set = changeOf(run, beat, nowDate(deps));
  const fence = run.fence;
  if (run.status === 'leased') {
    const event = {
      type: 'run.training',
      key: `run.training:${run.id}`,
      message: `${run.minerName} trains in seat ${run.seatIndex}${beat.template ? ` with ${beat.template}` : ''}.`,
      data: { run: run.id, seat: run.seatIndex, miner_name: run.minerName, template: beat.template ?? null },
    };
    const moved = await runs.move({ runId: run.id, from: 'leased', to: 'training', fence, set, event });
    if (moved) return announce(deps, { kind: 'events', jobId: run.jobId });
  }
  await runs.update({ runId: run.id, while: ['training'], fence, set });
}

const tell = (deps: RouteDeps, run: RunRecord, progress: Progress): Promise<void> =>
  announce(deps, { kind: 'progress', jobId: run.jobId, runId: run.id, minerName: run.minerName, progress });

export const heartbeat = route({
  method: 'post',
  path: '/v1/miner/runs/:run_id/heartbeat',
  tag: 'Miner protocol',
  operationId: 'sendHeartbeat',
  summary: 'Say that a run goes on, and hear what to do',
  auth: 'miner',
  request: { params: RunParams, body: Heartbeat },
  response: HeartbeatAnswer,
  status: 200,
  errors: ['run_not_found', 'lease_lost', 'invalid_request', 'invalid_json'],
  async handle({ deps, caller: miner, params, body }) {
    const run = await findRunByFence(deps.stores, { runId: params.run_id, miner, fence: body.fence });
    const job = await deps.stores.jobs.find(run.jobId);
    const nowMs = deps.clock.nowMs();
    const answer = commandOf(run, job, nowMs);
    if (answer.command !== 'stop' || run.status === 'expired') {
      await holdSeat(deps.stores, run);
      await keepBeat(deps, run, body);
      if (body.progress) await tell(deps, run, body.progress);
    }
    return { ...answer, deadline: (job ? deadlineMsOf(job, nowMs) : nowMs) / 1000 };
  },
});
