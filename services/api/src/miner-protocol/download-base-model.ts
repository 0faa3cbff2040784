import { AppError, RunId } from '@agon/contracts';
import { z } from 'zod';
import { HandOverQuery, handOverBlob } from '../artifacts/hand-over-blob.ts';
import { route } from '../http/route.ts';
import { contentTypeOf } from '../models/content-type.ts';
import { findTrainingJob } from './held-run.ts';

export const downloadBaseModel = route({
  method: 'get',
  path: '/v1/miner/runs/:run_id/base_model/*path',
  tag: 'Miner protocol',
  operationId: 'downloadBaseModel',
  summary: 'Download a file of the base model',
  description:
    'The lease names the files with their hashes; keep them by hash and download each once. May answer 307 as downloadData.',
  auth: 'miner',
  request: { params: z.object({ run_id: RunId, path: z.array(z.string()) }), query: HandOverQuery },
  response: null,
  answers: { contentType: 'application/octet-stream', summary: 'The bytes; ranges are served' },
  status: 200,
  errors: [
    ...(['run_not_found', 'run_not_accepting', 'lease_lost', 'base_model_not_found'] as const),
    'range_not_satisfiable',
  ],
  async handle({ deps, caller: miner, params, query, request, response }) {
    const job = await findTrainingJob(deps.stores, { runId: params.run_id, minerId: miner.id });
    const model = job.baseModel ? await deps.stores.baseModels.find(job.baseModel.id) : undefined;
    const path = params.path.join('/');
    const file = model?.files.find((each) => each.path === path);
    if (!file) {
      throw new AppError('base_model_not_found', `The base model has no file ${JSON.stringify(path.slice(0, 200))}.`);
    }
    const answer = { blob: file, contentType: contentTypeOf(path), filename: path.split('/').at(-1) ?? path };
    return handOverBlob(deps, { request, response, via: query.via }, answer);
  },
});
