import { join } from 'node:path';
import type { ModelConfig } from '../families/family.ts';
import { headInputs } from '../families/model-tensors.ts';
import type { TensorSpec } from '../graph/tensor-spec.ts';
import { ModelFault } from '../model-fault.ts';
import { readValues } from '../safetensors/read-values.ts';
import { openTensorFile, type TensorFile } from '../safetensors/tensor-file.ts';
import { tensorOf } from '../safetensors/weights.ts';
import { type AdapterConfig, readAdapterConfig } from './adapter-config.ts';
import { type LoraInput, loraInputs, type Matrix } from './lora-inputs.ts';

export type AdaptedModule = {
  readonly module: string;
  readonly rank: number;
  readonly scale: number;
  /** Frobenius norms of A and of B with the scale; their product bounds the norm of the change. */
  readonly norms: { readonly a: number; readonly b: number };
};

/** The matrices of one module: A is `[rank, inputs]`, B is `[outputs, rank]` with the scale folded in. */
export type AdaptedMatrices = { readonly a: Matrix; readonly b: Matrix; readonly module: AdaptedModule };

/** An adapter on disk, whose matrices are read module by module. */
export type OpenAdapter = {
  /** The modules that it changes. */
  readonly inputs: readonly LoraInput[];
  /** The tensors of the head that it brings. */
  readonly head: readonly TensorSpec[];
  /** @throws ModelFault as `readAdapter` */
  read(input: LoraInput): Promise<AdaptedMatrices>;
  /** @throws ModelFault as `readAdapter` */
  readHead(tensor: TensorSpec): Promise<Matrix>;
};

export type AdapterOptions = { readonly rankMax?: number; readonly labels?: number };

export const adapterRankMax = 256;
const headerBytesMax = 8 * 1024 * 1024;
const fileName = 'adapter_model.safetensors';
const prefix = 'base_model.model.';
/** Root mean square of a change of the weights that no training reaches: weights themselves are far below 1. */
const changePerWeightMax = 100;

/**
 * Opens a LoRA adapter in peft's layout (`adapter_config.json`, `adapter_model.safetensors`) and checks its names against
 * those of its base.
 *
 * @throws ModelFault as `readAdapter`
 */
export async function openAdapter(
  base: ModelConfig,
  folder: string,
  options: AdapterOptions = {},
): Promise<OpenAdapter> {
  const config = await readAdapterConfig(folder, options.rankMax ?? adapterRankMax);
  const head = options.labels === undefined ? [] : headInputs(base, options.labels);
  checkWholeModules(config, head);
  const file = await openTensorFile(join(folder, fileName), { headerBytesMax });
  const inputs = new Map(loraInputs(base).map((input) => [input.module, input]));
  return {
    inputs: [...adaptedInputs(file, inputs, head)],
    head,
    read: (input) => readModule(file, input, config),
    readHead: ({ name, shape }) => readMatrix(file, prefix + name, shape),
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

async function readModule(file: TensorFile, input: LoraInput, config: AdapterConfig): Promise<AdaptedMatrices> {
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
