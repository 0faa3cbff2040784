import { AppError, ModelReference } from '@agon/contracts';
import { z } from 'zod';
import { sendBlob } from '../artifacts/send-blob.ts';
import { route } from '../http/route.ts';
import { publishModel } from '../publish/publish-model.ts';
import { contentTypeOf } from './content-type.ts';
import { deleteModel } from './delete-model.ts';
import { ListedModel, listModels } from './list-models.ts';
import { baseModelEntry, findModel, modelWire } from './model-wire.ts';
import { predict } from './predict.ts';
import { resolveModel } from './resolve-model.ts';

const ModelParams = z.object({ model_id: ModelReference });

const getModel = route({
  method: 'get',
  path: '/v1/models/:model_id',
  tag: 'Models',
  operationId: 'getModel',
  summary: 'Read one model',
  description: 'By `model_…`, `ft:…`, or a base model’s `org%2Fname`.',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: ModelParams },
  response: ListedModel,
  status: 200,
  errors: ['model_not_found'],
  async handle({ deps, caller, params }) {
    const named = { reference: params.model_id, accountId: caller.accountId };
    const resolved = await resolveModel(deps.stores, named);
    if (resolved.kind === 'base') return { ...baseModelEntry(resolved.base), id: params.model_id };
    return modelWire(resolved.model, await deps.stores.pushes.listByModels([resolved.model.id]));
  },
});

const getModelFile = route({
  method: 'get',
  path: '/v1/models/:model_id/files/*path',
  tag: 'Models',
  operationId: 'getModelFile',
  summary: 'Download a file of a model',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: ModelParams.extend({ path: z.array(z.string()) }) },
  response: null,
  answers: { contentType: 'application/octet-stream', summary: 'The bytes; ranges, ETag and HEAD are served' },
  status: 200,
  errors: ['model_not_found', 'model_file_not_found', 'range_not_satisfiable'],
  async handle({ deps, caller, params, request, response }) {
    const model = await findModel(deps.stores, { reference: params.model_id, accountId: caller.accountId });
    const path = params.path.join('/');
    const file = model.files.find((each) => each.path === path);
    if (!file)
      throw new AppError('model_file_not_found', `The model has no file ${JSON.stringify(path.slice(0, 200))}.`);
    const answer = { blob: file, contentType: contentTypeOf(path), filename: path.split('/').at(-1) ?? path };
    return sendBlob(deps.artifacts, { request, response }, answer);
  },
});

export const modelRoutes = [listModels, getModel, getModelFile, deleteModel, predict, publishModel];
