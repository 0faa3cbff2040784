import { AppError, type Model } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { ModelRecord, PushRecord, Stores } from '@agon/store';
import { pushWire } from '../publish/push-wire.ts';

/** A published winner as clients read it. */
export const modelWire = (model: ModelRecord, pushes: readonly PushRecord[]): Model => ({
  id: model.id,
  object: 'model',
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

/** @throws AppError `model_not_found`, also where the model is another account's. */
export async function findModel(
  stores: Pick<Stores, 'models'>,
  owned: { modelId: string; accountId: string },
): Promise<ModelRecord> {
  const model = await stores.models.find(owned.modelId);
  if (model?.accountId === owned.accountId) return model;
  throw new AppError('model_not_found', `There is no model ${owned.modelId}.`);
}
