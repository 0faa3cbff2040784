import { BaseModel, limits, PageQuery, pageOf } from '@agon/contracts';
import { z } from 'zod';
import { route } from '../http/route.ts';
import { pageFrom } from '../page.ts';
import { baseModelWire, findBaseModel } from './base-model-wire.ts';

/** An id has slashes in it: `org/name@revision`, or `org/name` for the newest. */
export const BaseModelParams = z.object({ base_model_id: z.array(z.string().max(limits.baseModelIdCharactersMax)) });

export const listBaseModels = route({
  method: 'get',
  path: '/v1/base_models',
  tag: 'Base models',
  operationId: 'listBaseModels',
  summary: 'List the models that jobs may start from, by id',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { query: PageQuery.extend({ after: z.string().max(limits.baseModelIdCharactersMax).optional() }) },
  response: pageOf(BaseModel),
  status: 200,
  errors: ['invalid_request'],
  async handle({ deps, query: { limit, after } }) {
    const models = await deps.stores.baseModels.list({ after, limit: limit + 1 });
    return pageFrom(models.map(baseModelWire), limit);
  },
});

export const getBaseModel = route({
  method: 'get',
  path: '/v1/base_models/*base_model_id',
  tag: 'Base models',
  operationId: 'getBaseModel',
  summary: 'Read one base model',
  description: 'The id is `org/name@revision`; without a revision it is the newest of the name.',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: BaseModelParams },
  response: BaseModel,
  status: 200,
  errors: ['base_model_not_found'],
  async handle({ deps, params }) {
    return baseModelWire(await findBaseModel(deps.stores, params.base_model_id.join('/')));
  },
});
