import { AppError, Deleted, jobStatusesNotFinal, limits } from '@agon/contracts';
import type { JobRecord, Stores } from '@agon/store';
import { releaseBlobs } from '../artifacts/release-blob.ts';
import { route } from '../http/route.ts';
import { findBaseModel } from './base-model-wire.ts';
import { BaseModelParams } from './read-base-models.ts';

const pagesMax = 100;

/** A job that has not ended and starts from the model, if there is one. */
async function userOf(stores: Pick<Stores, 'jobs'>, baseModelId: string): Promise<JobRecord | undefined> {
  let after: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const query = { statuses: jobStatusesNotFinal, limit: limits.pageItemsMax, after };
    const jobs = await stores.jobs.list(query);
    const user = jobs.find((job) => job.baseModel?.id === baseModelId);
    if (user || jobs.length < limits.pageItemsMax) return user;
    after = jobs.at(-1)?.id;
  }
  return undefined;
}

export const deleteBaseModel = route({
  method: 'delete',
  path: '/v1/base_models/*base_model_id',
  tag: 'Base models',
  operationId: 'deleteBaseModel',
  summary: 'Delete a base model',
  description: 'Models that were made of it stay.',
  auth: 'key',
  scopes: ['admin'],
  request: { params: BaseModelParams },
  response: Deleted,
  status: 200,
  errors: ['base_model_not_found', 'base_model_in_use'],
  async handle({ deps, params }) {
    const model = await findBaseModel(deps.stores, params.base_model_id.join('/'));
    const user = await userOf(deps.stores, model.id);
    if (user) throw new AppError('base_model_in_use', `The job ${user.id} starts from ${model.id} and has not ended.`);
    await deps.stores.baseModels.delete(model.id);
    await releaseBlobs(deps, model.files);
    return { id: model.id, object: 'base_model', deleted: true as const };
  },
});
