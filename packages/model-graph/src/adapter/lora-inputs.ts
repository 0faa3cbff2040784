import type { ModelConfig } from '../families/family.ts';
import { linearModules } from '../families/model-tensors.ts';
import { loraNames } from '../graph/linear.ts';

/** A float32 tensor for an input of a graph, row by row. */
export type Matrix = { readonly data: Float32Array; readonly dims: readonly number[] };

/** The two inputs of one linear module: A is `[rank, inputs]`, B is `[outputs, rank]` with the scale folded in. */
export type LoraInput = {
  readonly module: string;
  readonly a: string;
  readonly b: string;
  readonly inputs: number;
  readonly outputs: number;
};

/** The LoRA inputs of a model's graphs. Each module has its own rank; 0 leaves the module as it is. */
export function loraInputs(config: ModelConfig): LoraInput[] {
  return linearModules(config).map((module) => ({
    module: module.name,
    ...loraNames(module),
    inputs: module.inputs,
    outputs: module.outputs,
  }));
}

/** What to feed for the base model itself: rank 0 everywhere. */
export function emptyAdapterFeeds(config: ModelConfig): Record<string, Matrix> {
  const feeds: Record<string, Matrix> = {};
  for (const input of loraInputs(config)) {
    feeds[input.a] = { data: new Float32Array(0), dims: [0, input.inputs] };
    feeds[input.b] = { data: new Float32Array(0), dims: [input.outputs, 0] };
  }
  return feeds;
}
