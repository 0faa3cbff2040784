import { AppError, Deleted, Model, ModelId, PageQuery, pageOf } from '@agon/contracts';
import { z } from 'zod';
import { releaseBlobs } from '../artifacts/release-blob.ts';
import { sendBlob } from '../artifacts/send-blob.ts';
import { route } from '../http/route.ts';
import { pageFrom } from '../page.ts';
import { publishModel } from '../publish/publish-model.ts';
import { pushesOf } from '../publish/push-wire.ts';
import { contentTypeOf } from './content-type.ts';
import { findModel, modelWire } from './model-wire.ts';
import { predict } from './predict.ts';

const ModelParams = z.object({ model_id: ModelId });

const listModels = route({
  method: 'get',
  path: '/v1/models',
  tag: 'Models',
  operationId: 'listModels',
  summary: 'List models, newest first',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { query: PageQuery },
  response: pageOf(Model),
  status: 200,
  errors: ['invalid_request'],
  async handle({ deps, caller, query: { limit, after } }) {
    const models = await deps.stores.models.list({ accountId: caller.accountId, after, limit: limit + 1 });
    const pushes = await deps.stores.pushes.listByModels(models.map((model) => model.id));
    return pageFrom(
      models.map((model) => modelWire(model, pushesOf(pushes, model.id))),
      limit,
    );
  },
});

const getModel = route({
  method: 'get',
  path: '/v1/models/:model_id',
  tag: 'Models',
  operationId: 'getModel',
  summary: 'Read one model',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: ModelParams },
  response: Model,
  status: 200,
  errors: ['model_not_found'],
  async handle({ deps, caller, params }) {
    const model = await findModel(deps.stores, { modelId: params.model_id, accountId: caller.accountId });
    return modelWire(model, await deps.stores.pushes.listByModels([model.id]));
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
    const model = await findModel(deps.stores, { modelId: params.model_id, accountId: caller.accountId });
    const path = params.path.join('/');
    const file = model.files.find((each) => each.path === path);
    if (!file)
      throw new AppError('model_file_not_found', `The model has no file ${JSON.stringify(path.slice(0, 200))}.`);
    const answer = { blob: file, contentType: contentTypeOf(path), filename: path.split('/').at(-1) ?? path };
    return sendBlob(deps.artifacts, { request, response }, answer);
  },
});

const deleteModel = route({
  method: 'delete',
  path: '/v1/models/:model_id',
  tag: 'Models',
  operationId: 'deleteModel',
  summary: 'Delete a model',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { params: ModelParams },
  response: Deleted,
  status: 200,
  errors: ['model_not_found'],
  async handle({ deps, caller, params }) {
    const model = await findModel(deps.stores, { modelId: params.model_id, accountId: caller.accountId });
    await deps.stores.models.delete(model.id);
    await deps.stores.pushes.deleteByModel(model.id);
    await releaseBlobs(deps, model.files);
    return { id: model.id, object: 'model', deleted: true as const };
  },
});

export const modelRoutes = [listModels, getModel, getModelFile, deleteModel, predict, publishModel];
