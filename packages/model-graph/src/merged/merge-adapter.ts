import { basename } from 'node:path';
import { openAdapter } from '../adapter/open-adapter.ts';
import type { DecoderConfig } from '../decoder/decoder-config.ts';
import { type FloatType, isFloatType } from '../safetensors/element-type.ts';
import { readPieces } from '../safetensors/read-values.ts';
import type { StoredTensor } from '../safetensors/tensor-file.ts';
import { tensorOf, type Weights } from '../safetensors/weights.ts';
import { addProduct } from './add-product.ts';
import type { MergedTensor } from './merged-tensor.ts';

/**
 * The weights of a base with a LoRA adapter merged into them, in the number format of the base, as peft's
 * `merge_and_unload` makes them. The adapter is read module by module, the base piece by piece.
 *
 * @param folder of the adapter
 * @returns the tensors by name, in the order of the base's files
 * @throws ModelFault as `readAdapter`, also while values are read
 */
export async function mergeAdapter(
  base: { config: DecoderConfig; weights: Pick<Weights, 'tensors'> },
  folder: string,
  options: { rankMax?: number } = {},
): Promise<Map<string, MergedTensor>> {
  const adapter = await openAdapter(base.config, folder, options);
  const merged = storedTensors(base.weights);
  for (const input of adapter.inputs) {
    const tensor = storedTensor(tensorOf(base.weights, `${input.module}.weight`, [input.outputs, input.inputs]));
    merged.set(tensor.name, {
      ...tensor,
      async *values() {
        const matrices = await adapter.read(input);
        let start = 0;
        for await (const piece of tensor.values()) {
          addProduct(piece, start, matrices);
          start += piece.length;
          yield piece;
        }
      },
    });
  }
  return merged;
}

/** Weights as they are, by the names that they are given under. Tensors that are no floats (old buffers) are left out. */
export function storedTensors(weights: Pick<Weights, 'tensors'>): Map<string, MergedTensor> {
  const floats = [...weights.tensors].filter(([, tensor]) => isFloatType(tensor.type));
  return new Map(floats.map(([name, tensor]) => [name, { ...storedTensor(tensor), name }]));
}

const storedTensor = (tensor: StoredTensor): MergedTensor => ({
  name: tensor.name,
  shape: tensor.shape,
  type: tensor.type as FloatType,
  file: basename(tensor.file),
  values: () => readPieces(tensor),
});
