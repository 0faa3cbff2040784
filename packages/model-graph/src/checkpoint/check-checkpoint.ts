import { poolerModule } from '../encoder/encoder-tensors.ts';
import type { ModelConfig } from '../families/family.ts';
import { canonicalWeights, headInputs, modelTensors } from '../families/model-tensors.ts';
import { readConfig } from '../families/read-config.ts';
import { ModelFault } from '../model-fault.ts';
import { readValues } from '../safetensors/read-values.ts';
import { openWeights, tensorOf, type Weights } from '../safetensors/weights.ts';
import { compareTensors, type TensorChange } from './compare-tensors.ts';

export type BaseModel = { readonly config: ModelConfig; readonly weights: Pick<Weights, 'tensors'> };

export type Checkpoint = {
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** Norm of the change of all weights, relative to the norm of the base's. */
  readonly relativeChange: number;
  /** Tensors that differ from the base's. */
  readonly changedTensors: number;
};

const headerBytesMax = 32 * 1024 * 1024;
/** Buffers that older versions of transformers saved and that hold no weights. */
const ignored = /(^|\.)(rotary_emb\.inv_freq|position_ids|masked_bias|attn\.bias)$/;

/** What may differ: a hint for the trainer, and what the head makes of a base without one. */
const freeFields: Readonly<Record<ModelConfig['kind'], readonly string[]>> = {
  decoder: ['positions'],
  encoder: ['positions', 'architecture', 'labels'],
};

/**
 * Opens a full checkpoint in Hugging Face's layout and checks that it is its base with other weights: the same
 * configuration and vocabulary, all tensors and no others, all finite and not all unchanged. A checkpoint of an encoder
 * has a head that classifies. Reads both once, in pieces.
 *
 * @throws ModelFault `architecture_changed`, `checkpoint_unchanged`, `tensor_missing`, `tensor_unexpected`,
 * `tensor_shape_wrong`, `weights_missing`, `weights_malformed`, `weights_type_unsupported`, `weights_not_finite`,
 * `weights_absurd`, and what `readConfig` throws
 */
export async function checkCheckpoint(base: BaseModel, folder: string): Promise<Checkpoint> {
  const config = await readConfig(folder);
  checkSameConfig(base.config, config);
  const weights = await openWeights(folder, { headerBytesMax });
  const before = canonicalWeights(base.config, base.weights);
  const after = canonicalWeights(config, weights);
  checkNames(config, after);
  await checkHead(config, after);
  const optional = config.kind === 'encoder' ? `${poolerModule(config)?.name}.` : undefined;
  const changes: TensorChange[] = [];
  for (const { name, shape } of modelTensors(config)) {
    const other = tensorOf(after, name, shape);
    const missing = optional !== undefined && name.startsWith(optional) && !before.tensors.has(name);
    changes.push(await compareTensors(missing ? other : tensorOf(before, name, shape), other));
  }
  const changedTensors = changes.filter((change) => change.changed).length;
  if (changedTensors === 0 && config.kind === 'decoder') {
    throw new ModelFault('checkpoint_unchanged', 'The checkpoint has the weights of the base model.');
  }
  const sum = (key: 'changeSquares' | 'baseSquares') => changes.reduce((total, change) => total + change[key], 0);
  return { config, weights, changedTensors, relativeChange: Math.sqrt(sum('changeSquares') / sum('baseSquares')) };
}

function checkSameConfig(base: ModelConfig, config: ModelConfig): void {
  for (const [key, value] of Object.entries(base)) {
    if (freeFields[base.kind].includes(key)) continue;
    const other = (config as Record<string, unknown>)[key];
    if (JSON.stringify(other) === JSON.stringify(value)) continue;
    throw new ModelFault(
      'architecture_changed',
      `The checkpoint's ${key} is ${JSON.stringify(other)}; the base has ${JSON.stringify(value)}.`,
    );
  }
}

function checkNames(config: ModelConfig, weights: Pick<Weights, 'tensors'>): void {
  const head = config.kind === 'encoder' ? headInputs(config, config.labels ?? 0) : [];
  const known = new Set([...modelTensors(config), ...head].map((tensor) => tensor.name));
  if (config.kind === 'decoder' && config.tied) known.add('lm_head.weight');
  for (const name of weights.tensors.keys()) {
    if (known.has(name) || ignored.test(name)) continue;
    throw new ModelFault('tensor_unexpected', `The checkpoint has the tensor ${JSON.stringify(name.slice(0, 200))}.`);
  }
}

/** A new head has nothing to be compared with, but must be there and finite. */
async function checkHead(config: ModelConfig, weights: Pick<Weights, 'tensors'>): Promise<void> {
  if (config.kind === 'decoder') return;
  if (config.labels === null) {
    throw new ModelFault('architecture_changed', `${config.architecture} has no head that classifies.`);
  }
  for (const { name, shape } of headInputs(config, config.labels)) {
    const values = await readValues(tensorOf(weights, name, shape));
    if (values.every(Number.isFinite)) continue;
    throw new ModelFault('weights_not_finite', `The tensor ${name} has values that are NaN or infinite.`);
  }
}
