import { AppError, RunId } from '@agon/contracts';
import { z } from 'zod';
import { sendBlob } from '../artifacts/send-blob.ts';
import { route } from '../http/route.ts';
import { trainFile } from '../leases/lease-wire.ts';
import { findRun, holdSeat } from './held-run.ts';

export const downloadData = route({
  method: 'get',
  path: '/v1/miner/runs/:run_id/data/:name',
  tag: 'Miner protocol',
  operationId: 'downloadData',
  summary: 'Download the training part',
  auth: 'miner',
  request: { params: z.object({ run_id: RunId, name: z.literal(trainFile) }) },
  response: null,
  answers: { contentType: 'text/csv', summary: 'The rows; ranges are served' },
  status: 200,
  errors: ['run_not_found', 'run_not_accepting', 'lease_lost', 'range_not_satisfiable'],
  async handle({ deps, caller: miner, params, request, response }) {
    const run = await findRun(deps.stores, { runId: params.run_id, minerId: miner.id });
    if (run.status !== 'leased' && run.status !== 'training') {
      throw new AppError('run_not_accepting', `The run is ${run.status}.`);
    }
    await holdSeat(deps.stores, run);
    const job = await deps.stores.jobs.find(run.jobId);
    if (!job?.parts || (job.status !== 'open' && job.status !== 'paused')) {
      throw new AppError('lease_lost', 'The race of this run is over.');
    }
    const answer = { blob: job.parts.train, contentType: 'text/csv; charset=utf-8', filename: trainFile };
    return sendBlob(deps.artifacts, { request, response }, answer);
  },
});
