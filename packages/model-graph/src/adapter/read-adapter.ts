import type { ModelConfig } from '../families/family.ts';
import { ModelFault } from '../model-fault.ts';
import { emptyAdapterFeeds, type Matrix } from './lora-inputs.ts';
import { type AdaptedModule, type AdapterOptions, openAdapter } from './open-adapter.ts';

/** A LoRA adapter, ready for the graphs of its base. */
export type Adapter = {
  /** Every LoRA input of the graphs, rank 0 for modules that the adapter leaves alone. */
  readonly feeds: Readonly<Record<string, Matrix>>;
  readonly modules: readonly AdaptedModule[];
  readonly rank: number;
  /** Numbers in the adapter. */
  readonly parameters: number;
};

/**
 * Reads a LoRA adapter in peft's layout (`adapter_config.json`, `adapter_model.safetensors`) and checks that it fits its
 * base and changes it. With `labels`, the adapter of an encoder must bring the head that classifies, too.
 *
 * @throws ModelFault `adapter_malformed`, `adapter_unsupported`, `adapter_rank_too_large`, `adapter_without_effect`,
 * `tensor_missing`, `tensor_unexpected`, `tensor_shape_wrong`, `weights_missing`, `weights_malformed`,
 * `weights_type_unsupported`, `weights_not_finite`, `weights_absurd`
 */
export async function readAdapter(base: ModelConfig, folder: string, options: AdapterOptions = {}): Promise<Adapter> {
  const open = await openAdapter(base, folder, options);
  const feeds: Record<string, Matrix> = emptyAdapterFeeds(base);
  const modules: AdaptedModule[] = [];
  let effective = open.head.length > 0;
  for (const input of open.inputs) {
    const read = await open.read(input);
    effective ||= hasEffect(read.a, read.b);
    modules.push(read.module);
    feeds[input.a] = read.a;
    feeds[input.b] = read.b;
  }
  for (const tensor of open.head) feeds[tensor.name] = await open.readHead(tensor);
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
