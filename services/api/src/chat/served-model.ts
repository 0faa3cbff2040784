import { AppError } from '@agon/contracts';
import type { ServedAdapter, ServedModel } from '@agon/inference';
import type { ArtifactStore, BaseModelRecord, ModelRecord, Stores } from '@agon/store';
import {
  adapterOf,
  baseIdOf,
  checkpointOf,
  contentOf,
  local,
  servedBase,
  servedCheckpoint,
} from '../models/model-folders.ts';
import type { ResolvedModel } from '../models/resolve-model.ts';

export type Served = { readonly model: ServedModel; readonly adapter: ServedAdapter | null };
type Deps = { readonly stores: Pick<Stores, 'jobs' | 'baseModels'>; readonly artifacts: ArtifactStore };

/**
 * What has to be loaded so that a model answers. Winners that are adapters share their base's loaded weights.
 *
 * @throws AppError `model_not_chat` for a model that answers nothing, `base_model_not_found` where a winner's base is gone.
 */
export async function servedModel(deps: Deps, resolved: ResolvedModel): Promise<Served> {
  if (resolved.kind === 'base') return { model: servedBase(deps, chatBase(resolved.base)), adapter: null };
  const { model } = resolved;
  if (model.task !== 'chat' && model.task !== 'preference') {
    throw new AppError('model_not_chat', `The model ${model.id} is for ${model.task}; it answers no conversations.`);
  }
  const base = await baseOf(deps, model);
  const adapter = adapterOf(model.files);
  if (adapter.length > 0) {
    const files = () => local(deps, adapter);
    return { model: servedBase(deps, base), adapter: { name: contentOf(adapter), files } };
  }
  return { model: servedCheckpoint(deps, { base, checkpoint: checkpointOf(model.files) }), adapter: null };
}

function chatBase(base: BaseModelRecord): BaseModelRecord {
  if (base.facts.kind === 'causal' && base.facts.has_chat_template) return base;
  const why = base.facts.kind === 'causal' ? 'has no chat template' : 'is an encoder';
  throw new AppError('model_not_chat', `The base model ${base.name} ${why}; it answers no conversations.`);
}

async function baseOf(deps: Deps, model: ModelRecord): Promise<BaseModelRecord> {
  const id = baseIdOf(model, await deps.stores.jobs.find(model.jobId));
  const base = id === undefined ? undefined : await deps.stores.baseModels.find(id);
  if (base) return base;
  throw new AppError('base_model_not_found', `The base model of ${model.id} is not in the store any more.`);
}
