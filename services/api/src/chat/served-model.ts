import { AppError, type ModelFile } from '@agon/contracts';
import type { ServedAdapter, ServedModel } from '@agon/inference';
import type { ArtifactStore, BaseModelRecord, ModelRecord, Stores } from '@agon/store';
import type { ResolvedModel } from '../models/resolve-model.ts';

export type Served = { readonly model: ServedModel; readonly adapter: ServedAdapter | null };
type Deps = { readonly stores: Pick<Stores, 'jobs' | 'baseModels'>; readonly artifacts: ArtifactStore };
type NamedBlob = Pick<ModelFile, 'path' | 'sha256'>;

const adapterFile = 'adapter_config.json';
const adapterNames = /^adapter_(config\.json|model\.safetensors)$/;
const checkpointFile = 'config.json';
const checkpointNames = /^(config\.json|generation_config\.json|model\.safetensors\.index\.json|[^/]+\.safetensors)$/;

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
  const adapter = beside(model.files, adapterFile, adapterNames);
  if (adapter.length > 0) {
    const files = () => local(deps, adapter);
    return { model: servedBase(deps, base), adapter: { name: contentOf(adapter), files } };
  }
  const checkpoint = beside(model.files, checkpointFile, checkpointNames);
  return { model: servedCheckpoint(deps, base, checkpoint), adapter: null };
}

/**
 * What has to be loaded so that a winner made from an encoder classifies; undefined for other winners.
 *
 * @throws AppError `base_model_not_found` where its base is gone.
 */
export async function servedClassifier(deps: Deps, model: ModelRecord): Promise<ServedModel | undefined> {
  const checkpoint = beside(model.files, checkpointFile, checkpointNames);
  if (model.task !== 'text-classification' || checkpoint.length < 2) return undefined;
  return servedCheckpoint(deps, await baseOf(deps, model), checkpoint);
}

/** A checkpoint is read with its base's tokenizer, as it was when it was scored. */
const servedCheckpoint = (deps: Deps, base: BaseModelRecord, checkpoint: readonly NamedBlob[]): ServedModel => ({
  ...servedBase(deps, base),
  name: contentOf(checkpoint),
  baseFiles: () =>
    local(
      deps,
      base.files.filter(({ path }) => !path.endsWith('.safetensors')),
    ),
  checkpointFiles: () => local(deps, checkpoint),
});

const servedBase = (deps: Deps, base: BaseModelRecord): ServedModel => ({
  name: contentOf(base.files),
  baseFiles: () => local(deps, base.files),
  checkpointFiles: null,
  parameters: base.facts.parameters,
});

function chatBase(base: BaseModelRecord): BaseModelRecord {
  if (base.facts.kind === 'causal' && base.facts.has_chat_template) return base;
  const why = base.facts.kind === 'causal' ? 'has no chat template' : 'is an encoder';
  throw new AppError('model_not_chat', `The base model ${base.name} ${why}; it answers no conversations.`);
}

async function baseOf(deps: Deps, model: ModelRecord): Promise<BaseModelRecord> {
  const job = await deps.stores.jobs.find(model.jobId);
  const id = model.baseModelId ?? job?.baseModel?.id;
  const base = id === undefined ? undefined : await deps.stores.baseModels.find(id);
  if (base) return base;
  throw new AppError('base_model_not_found', `The base model of ${model.id} is not in the store any more.`);
}

/** The files of a folder that `names` fits: of the uppermost folder that has `anchor`, as trainers choose their folders. */
function beside(files: readonly NamedBlob[], anchor: string, names: RegExp): NamedBlob[] {
  const anchors = files.map(({ path }) => path).filter((path) => path === anchor || path.endsWith(`/${anchor}`));
  const [found] = anchors.toSorted((left, right) => left.split('/').length - right.split('/').length);
  if (found === undefined) return [];
  const folder = found.slice(0, found.length - anchor.length);
  return files.filter(({ path }) => path.startsWith(folder) && names.test(path.slice(folder.length)));
}

/** Names by what is in the files, so that equal models are loaded once. Paths lose their folders: trainers choose them. */
const contentOf = (files: readonly NamedBlob[]): string =>
  files
    .map(({ path, sha256 }) => `${lastOf(path)} ${sha256}`)
    .sort()
    .join('\n');

const lastOf = (path: string): string => path.split('/').at(-1) ?? path;

const local = (deps: Deps, files: readonly NamedBlob[]) =>
  Promise.all(
    files.map(async ({ path, sha256 }) => ({
      path: lastOf(path),
      localPath: await deps.artifacts.localPath(sha256),
    })),
  );
