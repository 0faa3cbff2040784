import { join } from 'node:path';
import type { ModelConfig } from '../families/family.ts';
import { headInputs } from '../families/model-tensors.ts';
import type { TensorSpec } from '../graph/tensor-spec.ts';
import { ModelFault } from '../model-fault.ts';
import { readValues } from '../safetensors/read-values.ts';
import { openTensorFile, type TensorFile } from '../safetensors/tensor-file.ts';
import { tensorOf } from '../safetensors/weights.ts';
import { type AdapterConfig, readAdapterConfig } from './adapter-config.ts';
import { emptyAdapterFeeds, type LoraInput, loraInputs, type Matrix } from './lora-inputs.ts';

export type AdaptedModule = {
  readonly module: string;
  readonly rank: number;
  readonly scale: number;
  /** Frobenius norms of A and of B with the scale; their product bounds the norm of the change. */
  readonly norms: { readonly a: number; readonly b: number };
};

/** A LoRA adapter, ready for the graphs of its base. */
export type Adapter = {
  /** Every LoRA input of the graphs, rank 0 for modules that the adapter leaves alone. */
  readonly feeds: Readonly<Record<string, Matrix>>;
  readonly modules: readonly AdaptedModule[];
  readonly rank: number;
  /** Numbers in the adapter. */
  readonly parameters: number;
};

export const adapterRankMax = 256;
const headerBytesMax = 8 * 1024 * 1024;
const fileName = 'adapter_model.safetensors';
const prefix = 'base_model.model.';
/** Root mean square of a change of the weights that no training reaches: weights themselves are far below 1. */
const changePerWeightMax = 100;

/**
 * Reads a LoRA adapter in peft's layout (`adapter_config.json`, `adapter_model.safetensors`) and checks that it fits its
 * base and changes it. With `labels`, the adapter of an encoder must bring the head that classifies, too.
 *
 * @throws ModelFault `adapter_malformed`, `adapter_unsupported`, `adapter_rank_too_large`, `adapter_without_effect`,
 * `tensor_missing`, `tensor_unexpected`, `tensor_shape_wrong`, `weights_missing`, `weights_malformed`,
 * `weights_type_unsupported`, `weights_not_finite`, `weights_absurd`
 */
export async function readAdapter(
  base: ModelConfig,
  folder: string,
  options: { rankMax?: number; labels?: number } = {},
): Promise<Adapter> {
  const config = await readAdapterConfig(folder, options.rankMax ?? adapterRankMax);
  const head = options.labels === undefined ? [] : headInputs(base, options.labels);
  checkWholeModules(config, head);
  const file = await openTensorFile(join(folder, fileName), { headerBytesMax });
  const inputs = new Map(loraInputs(base).map((input) => [input.module, input]));
  const feeds: Record<string, Matrix> = emptyAdapterFeeds(base);
  const modules: AdaptedModule[] = [];
  let effective = head.length > 0;
  for (const input of adaptedInputs(file, inputs, head)) {
    const read = await readModule(file, input, config);
    effective ||= hasEffect(read.a, read.b);
    modules.push(read.module);
    feeds[input.a] = read.a;
    feeds[input.b] = read.b;
  }
  for (const { name, shape } of head) feeds[name] = await readMatrix(file, prefix + name, shape);
  if (!effective) {
    throw new ModelFault(
      'adapter_without_effect',
      'The adapter leaves the base model as it is: in every module A, B or the scale is zero.',
    );
  }
  return {
    feeds,
    modules,
    rank: Math.max(0, ...modules.map((module) => module.rank)),
    parameters: Object.values(feeds).reduce((sum, matrix) => sum + matrix.data.length, 0),
  };
}

/** @throws ModelFault `adapter_unsupported` where other modules than the head are saved whole. */
function checkWholeModules(config: AdapterConfig, head: readonly TensorSpec[]): void {
  const free = (name: string): boolean =>
    head.length > 0 && (name === 'score' || head.some((tensor) => tensor.name.startsWith(`${name}.`)));
  const other = config.wholeModules.find((name) => !free(name));
  if (other === undefined) return;
  throw new ModelFault(
    'adapter_unsupported',
    `The adapter has ${JSON.stringify(other)} in modules_to_save; only LoRA on linear layers is scored, and the head of a classifier.`,
  );
}

/** The modules that the file has matrices for. @throws ModelFault `tensor_unexpected` */
function adaptedInputs(
  file: TensorFile,
  inputs: ReadonlyMap<string, LoraInput>,
  head: readonly TensorSpec[],
): Set<LoraInput> {
  const found = new Set<LoraInput>();
  const whole = new Set(head.map((tensor) => prefix + tensor.name));
  for (const tensor of file.tensors.keys()) {
    if (whole.has(tensor)) continue;
    const [, module = ''] = /^base_model\.model\.(.+)\.lora_[AB]\.weight$/.exec(tensor) ?? [];
    const input = inputs.get(module);
    if (input === undefined) {
      throw new ModelFault(
        'tensor_unexpected',
        `The adapter has the tensor ${JSON.stringify(tensor.slice(0, 200))}, for which the base has no linear layer.`,
      );
    }
    found.add(input);
  }
  return found;
}

async function readModule(
  file: TensorFile,
  input: LoraInput,
  config: AdapterConfig,
): Promise<{ a: Matrix; b: Matrix; module: AdaptedModule }> {
  const name = input.module;
  const rank = config.rankOf(name);
  const scale = config.scaleOf(name);
  const a = await readMatrix(file, `${prefix}${name}.lora_A.weight`, [rank, input.inputs]);
  const b = await readMatrix(file, `${prefix}${name}.lora_B.weight`, [input.outputs, rank]);
  for (let index = 0; index < b.data.length; index += 1) b.data[index] = (b.data[index] as number) * scale;
  const norms = { a: normOf(a.data), b: normOf(b.data) };
  const perWeight = (norms.a * norms.b) / Math.sqrt(input.inputs * input.outputs);
  if (!(perWeight <= changePerWeightMax)) {
    throw new ModelFault(
      'weights_absurd',
      `The adapter changes ${name} by up to ${perWeight.toExponential(1)} per weight; no training does that.`,
    );
  }
  return { a, b, module: { module: name, rank, scale, norms } };
}

async function readMatrix(file: TensorFile, name: string, dims: readonly number[]): Promise<Matrix> {
  const data = await readValues(tensorOf(file, name, dims));
  if (!data.every(Number.isFinite)) {
    throw new ModelFault('weights_not_finite', `The tensor ${name} has values that are NaN or infinite.`);
  }
  return { data, dims };
}

const normOf = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** Whether some row of A and the column of B that belongs to it both have numbers other than zero. */
function hasEffect(a: Matrix, b: Matrix): boolean {
  const [rank = 0, inputs = 0] = a.dims;
  const [outputs = 0] = b.dims;
  for (let index = 0; index < rank; index += 1) {
    const inA = a.data.subarray(index * inputs, (index + 1) * inputs).some((value) => value !== 0);
    if (!inA) continue;
    for (let row = 0; row < outputs; row += 1) if (b.data[row * rank + index] !== 0) return true;
  }
  return false;
}
