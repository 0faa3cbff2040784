import { AppError } from '@agon/contracts';
import type { BaseModelRecord, ModelRecord, Stores } from '@agon/store';

/** What a client may name: a winner of its own, or a base model of the service. */
export type ResolvedModel =
  | { readonly kind: 'winner'; readonly model: ModelRecord }
  | { readonly kind: 'base'; readonly base: BaseModelRecord };

/**
 * Finds a model by any of its names: `model_…`, `ft:…`, its repo `org/name` in the registry, or a base model's `org/name`
 * or `org/name@revision`.
 *
 * @throws AppError `model_not_found`, also where the model is another account's.
 */
export async function resolveModel(
  stores: Pick<Stores, 'models' | 'baseModels' | 'pushes'>,
  named: { reference: string; accountId: string },
): Promise<ResolvedModel> {
  const { reference, accountId } = named;
  const model = await findWinner(stores, reference);
  if (model?.accountId === accountId) return { kind: 'winner', model };
  const base = reference.includes('/') ? await findBase(stores, reference) : undefined;
  if (base) return { kind: 'base', base };
  throw new AppError('model_not_found', `There is no model ${JSON.stringify(reference.slice(0, 200))}.`, {
    param: 'model',
  });
}

const findWinner = async (
  stores: Pick<Stores, 'models' | 'pushes'>,
  reference: string,
): Promise<ModelRecord | undefined> => {
  if (reference.startsWith('ft:')) return stores.models.findByAlias(reference);
  const push = /^[^/@]+\/[^/@]+$/.test(reference) ? await stores.pushes.findInRegistry(reference) : undefined;
  if (push) return stores.models.find(push.modelId);
  return reference.startsWith('model_') ? stores.models.find(reference) : undefined;
};

const findBase = (stores: Pick<Stores, 'baseModels'>, reference: string): Promise<BaseModelRecord | undefined> =>
  reference.includes('@') ? stores.baseModels.find(reference) : stores.baseModels.findByName(reference);
