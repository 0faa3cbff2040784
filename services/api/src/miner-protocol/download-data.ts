import { AppError, RunId } from '@agon/contracts';
import { z } from 'zod';
import { HandOverQuery, handOverBlob } from '../artifacts/hand-over-blob.ts';
import { route } from '../http/route.ts';
import { trainFileOf } from '../leases/lease-wire.ts';
import { contentTypeOf } from '../models/content-type.ts';
import { findTrainingJob } from './held-run.ts';

export const downloadData = route({
  method: 'get',
  path: '/v1/miner/runs/:run_id/data/:name',
  tag: 'Miner protocol',
  operationId: 'downloadData',
  summary: 'Download the training part',
  description: 'May answer 307 with an address of the artifact store, good for minutes; `?via=service` never does.',
  auth: 'miner',
  request: { params: z.object({ run_id: RunId, name: z.enum(['train.csv', 'train.jsonl']) }), query: HandOverQuery },
  response: null,
  answers: { contentType: 'text/csv, application/jsonl', summary: 'The rows; ranges are served' },
  status: 200,
  errors: ['run_not_found', 'run_not_accepting', 'lease_lost', 'range_not_satisfiable'],
  async handle({ deps, caller: miner, params, query, request, response }) {
    const job = await findTrainingJob(deps.stores, { runId: params.run_id, minerId: miner.id });
    const name = trainFileOf(job.task);
    if (!job.parts || params.name !== name) {
      throw new AppError('run_not_found', `The run has no data ${params.name}; the lease names what there is.`);
    }
    const answer = { blob: job.parts.train, contentType: contentTypeOf(name), filename: name };
    return handOverBlob(deps, { request, response, via: query.via }, answer);
  },
});
