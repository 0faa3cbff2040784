import { AppError, FinishRun, MinerRun } from '@agon/contracts';
import type { RunRecord } from '@agon/store';
import { nowDate, type RouteDeps } from '../deps.ts';
import { announce, enqueue } from '../enqueue.ts';
import { route } from '../http/route.ts';
import { checkAccepting, findRunByFence, RunParams } from './held-run.ts';
import { readMinerRun } from './read-runs.ts';
import { settleUpload } from './settle-upload.ts';

/** @throws AppError `submission_incomplete` that names what is missing, `upload_hash_mismatch`. */
async function checkComplete(deps: RouteDeps, run: RunRecord): Promise<void> {
  if (!run.submission) throw new AppError('submission_incomplete', 'Nothing was committed.');
  const uploads = new Map((await deps.stores.uploads.listByRun(run.id)).map((upload) => [upload.id, upload]));
  const missing: string[] = [];
  for (const file of run.submission.files) {
    const upload = uploads.get(file.uploadId);
    if (upload?.status === 'received') continue;
    const offset = upload?.status === 'receiving' ? await deps.artifacts.staging.offset(upload.id) : undefined;
    if (upload && offset === file.bytes) await settleUpload(deps, upload);
    else missing.push(`${file.path} (${offset ?? 0} of ${file.bytes} bytes)`);
  }
  if (missing.length > 0) throw new AppError('submission_incomplete', `Not all is uploaded: ${missing.join(', ')}.`);
}

const handedIn = ['uploaded', 'scoring', 'scored', 'rejected'];

async function handIn(deps: RouteDeps, run: RunRecord): Promise<RunRecord> {
  const moved = await deps.stores.runs.move({
    runId: run.id,
    from: ['leased', 'training'],
    to: 'uploaded',
    fence: run.fence,
    set: { lastHeartbeatAt: nowDate(deps) },
    event: {
      type: 'run.uploaded',
      key: `run.uploaded:${run.id}`,
      message: `${run.minerName} handed in its model; it is scored next.`,
      data: { run: run.id, seat: run.seatIndex, miner_name: run.minerName },
    },
  });
  if (!moved) throw new AppError('run_not_accepting', 'The run ended while it was finished.');
  await enqueue(deps, 'run.score', { runId: run.id });
  await announce(deps, { kind: 'events', jobId: run.jobId });
  return moved;
}

export const finishRun = route({
  method: 'post',
  path: '/v1/miner/runs/:run_id/finish',
  tag: 'Miner protocol',
  operationId: 'finishRun',
  summary: 'Hand in a submission whose files are all uploaded',
  description: 'Safe to repeat.',
  auth: 'miner',
  request: { params: RunParams, body: FinishRun },
  response: MinerRun,
  status: 200,
  errors: [
    ...(['run_not_found', 'lease_lost', 'run_not_accepting', 'submission_incomplete'] as const),
    ...(['upload_hash_mismatch', 'invalid_request', 'invalid_json'] as const),
  ],
  async handle({ deps, caller: miner, params, body }) {
    const run = await findRunByFence(deps.stores, { runId: params.run_id, miner, fence: body.fence });
    if (handedIn.includes(run.status)) return readMinerRun(deps.stores, run);
    await checkAccepting(deps.stores, run, deps.clock.nowMs());
    await checkComplete(deps, run);
    return readMinerRun(deps.stores, await handIn(deps, run));
  },
});
