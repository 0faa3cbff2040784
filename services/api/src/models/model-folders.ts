import type { ModelFile } from '@agon/contracts';
import type { ServedModel } from '@agon/inference';
import type { ArtifactStore, BaseModelRecord, ModelRecord } from '@agon/store';

type Deps = { readonly artifacts: Pick<ArtifactStore, 'localPath'> };
export type NamedBlob = Pick<ModelFile, 'path' | 'sha256'>;

const adapterFile = 'adapter_config.json';
const adapterNames = /^adapter_(config\.json|model\.safetensors)$/;
const checkpointFile = 'config.json';
const checkpointNames = /^(config\.json|generation_config\.json|model\.safetensors\.index\.json|[^/]+\.safetensors)$/;

/** The files of a winner's adapter in peft's layout; none where it has no adapter. */
export const adapterOf = (files: readonly NamedBlob[]): NamedBlob[] => beside(files, adapterFile, adapterNames);

/** The files of a winner's checkpoint in Hugging Face's layout; none where it has no checkpoint. */
export const checkpointOf = (files: readonly NamedBlob[]): NamedBlob[] => {
  const found = beside(files, checkpointFile, checkpointNames);
  return found.some(({ path }) => path.endsWith('.safetensors')) ? found : [];
};

/** The files of a folder that `names` fits: of the uppermost folder that has `anchor`, as trainers choose their folders. */
function beside(files: readonly NamedBlob[], anchor: string, names: RegExp): NamedBlob[] {
  const anchors = files.map(({ path }) => path).filter((path) => path === anchor || path.endsWith(`/${anchor}`));
  const [found] = anchors.toSorted((left, right) => left.split('/').length - right.split('/').length);
  if (found === undefined) return [];
  const folder = found.slice(0, found.length - anchor.length);
  return files.filter(({ path }) => path.startsWith(folder) && names.test(path.slice(folder.length)));
}

/** A base model as the processes that serve it know it. */
export const servedBase = (deps: Deps, base: BaseModelRecord): ServedModel => ({
  name: contentOf(base.files),
  baseFiles: () => local(deps, base.files),
  checkpointFiles: null,
  parameters: base.facts.parameters,
});

/** A winner's own weights with the tokenizer of its base. */
export const servedCheckpoint = (
  deps: Deps,
  model: { base: BaseModelRecord; checkpoint: readonly NamedBlob[] },
): ServedModel => {
  const withoutWeights = model.base.files.filter(({ path }) => !path.endsWith('.safetensors'));
  return {
    name: contentOf(model.checkpoint),
    baseFiles: () => local(deps, withoutWeights),
    checkpointFiles: () => local(deps, model.checkpoint),
    parameters: model.base.facts.parameters,
  };
};

/** Names by what is in the files, so that equal models are loaded once. Paths lose their folders: trainers choose them. */
export const contentOf = (files: readonly NamedBlob[]): string =>
  files
    .map(({ path, sha256 }) => `${lastOf(path)} ${sha256}`)
    .sort()
    .join('\n');

const lastOf = (path: string): string => path.split('/').at(-1) ?? path;

/** Where the files lie on this machine. */
export const local = (deps: Deps, files: readonly NamedBlob[]): Promise<{ path: string; localPath: string }[]> =>
  Promise.all(
    files.map(async ({ path, sha256 }) => ({
      path: lastOf(path),
      localPath: await deps.artifacts.localPath(sha256),
    })),
  );

/** Of a winner; where records are older than the field, its job knows. */
export const baseIdOf = (
  model: Pick<ModelRecord, 'baseModelId'>,
  job: { readonly baseModel: { readonly id: string } | null } | undefined,
): string | undefined => model.baseModelId ?? job?.baseModel?.id;
