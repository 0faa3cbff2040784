import { AppError, type BaseModel } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { BaseModelRecord, Stores } from '@agon/store';

/** A base model as clients read it. Base models belong to the service, not to an account. */
export const baseModelWire = (model: BaseModelRecord): BaseModel => ({
  id: model.id,
  object: 'base_model',
  name: model.name,
  revision: model.revision,
  created_at: unixSeconds(model.createdAt),
  source: model.source,
  facts: model.facts,
  files: model.files,
});

/**
 * Finds `org/name@revision`, or the newest of `org/name`.
 *
 * @throws AppError `base_model_not_found`
 */
export async function findBaseModel(stores: Pick<Stores, 'baseModels'>, id: string): Promise<BaseModelRecord> {
  const model = id.includes('@') ? await stores.baseModels.find(id) : await stores.baseModels.findByName(id);
  if (model) return model;
  throw new AppError('base_model_not_found', `There is no base model ${JSON.stringify(id.slice(0, 200))} here.`);
}
