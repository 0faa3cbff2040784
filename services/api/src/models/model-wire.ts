import { AppError, type BaseModelEntry, type Model } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { BaseModelRecord, ModelRecord, PushRecord, Stores } from '@agon/store';
import { pushWire } from '../publish/push-wire.ts';
import { resolveModel } from './resolve-model.ts';

/** A published winner as clients read it. */
export const modelWire = (model: ModelRecord, pushes: readonly PushRecord[]): Model => ({
  id: model.alias ?? model.id,
  object: 'model',
  model: model.id,
  created: unixSeconds(model.createdAt),
  owned_by: model.accountId,
  name: model.name,
  task: model.task,
  job: model.jobId,
  run: model.runId,
  files: model.files,
  table: model.table,
  result: model.result,
  repo: pushes.find((push) => push.where === 'registry' && push.status === 'done')?.repo ?? null,
  pushes: pushes.map(pushWire),
});

/** A base model as OpenAI's clients list it. */
export const baseModelEntry = (base: BaseModelRecord): BaseModelEntry => ({
  id: base.id,
  object: 'model',
  created: unixSeconds(base.createdAt),
  owned_by: base.name.split('/')[0] ?? '',
});

/**
 * A winner of the account, by `model_…` or `ft:…`.
 *
 * @throws AppError `model_not_found`, also where the model is another account's.
 */
export async function findModel(
  stores: Pick<Stores, 'models' | 'baseModels' | 'pushes'>,
  owned: { reference: string; accountId: string },
): Promise<ModelRecord> {
  const resolved = await resolveModel(stores, owned);
  if (resolved.kind === 'winner') return resolved.model;
  throw new AppError('model_not_found', `${owned.reference} is a base model, which has no files of this kind here.`);
}
