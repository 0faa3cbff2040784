import { join } from 'node:path';
import { textGenerationGraph } from '../decoder/text-generation-graph.ts';
import { classifyGraph } from '../encoder/classify-graph.ts';
import type { ModelConfig } from '../families/family.ts';
import { headInputs, modelTensors } from '../families/model-tensors.ts';
import { ModelFault } from '../model-fault.ts';
import { fromFloats } from '../safetensors/from-floats.ts';
import type { StoredTensor } from '../safetensors/tensor-file.ts';
import { type MergedTensor, valuesOf } from './merged-tensor.ts';

/** A graph and the file that its weights are in, as they lie beside each other in a published model. */
export type OnnxFiles = {
  readonly graph: Uint8Array;
  /** Bytes of the file of weights. */
  readonly dataBytes: number;
  /** The file of weights: float32, in pieces. Equal tensors give equal bytes. */
  data(): AsyncGenerator<Uint8Array>;
};

/** Of a page, so that runtimes can map a tensor into memory. */
const alignment = 4_096;
const folder = '/onnx';

/**
 * The ONNX form of a language model (`textGenerationGraph`) or a classifier of texts (`classifyGraph` with
 * `attention_mask`), whose weights lie in a file of their own beside the graph.
 *
 * @param tensors under the names of `modelTensors` and, for a classifier, `headInputs`
 * @param dataFile its name, as the graph calls it
 * @throws ModelFault `tensor_missing`, `tensor_shape_wrong`; while the data are read what their source throws
 */
export function onnxFiles(
  model: { config: ModelConfig; tensors: ReadonlyMap<string, MergedTensor> },
  dataFile: string,
): OnnxFiles {
  const { config } = model;
  const head = config.kind === 'encoder' ? headInputs(config, config.labels ?? 0) : [];
  const tensors = [...modelTensors(config), ...head].map(({ name }) => {
    const tensor = model.tensors.get(name);
    if (tensor === undefined) throw new ModelFault('tensor_missing', `The weights lack the tensor ${name}.`);
    return tensor;
  });
  const placed = new Map<string, StoredTensor>();
  let end = 0;
  for (const { name, shape } of tensors) {
    const offset = Math.ceil(end / alignment) * alignment;
    const bytes = valuesOf(shape) * Float32Array.BYTES_PER_ELEMENT;
    placed.set(name, { name, shape, type: 'F32', file: join(folder, dataFile), offset, bytes });
    end = offset + bytes;
  }
  const weights = { tensors: placed };
  const graph =
    config.kind === 'decoder'
      ? textGenerationGraph(config, weights, folder)
      : classifyGraph({ config, weights, folder, lora: false, head: 'weights', padding: 'mask' });
  return { graph, dataBytes: end, data: () => alignedBytes(tensors) };
}

async function* alignedBytes(tensors: readonly MergedTensor[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const tensor of tensors) {
    const gap = Math.ceil(at / alignment) * alignment - at;
    if (gap > 0) yield new Uint8Array(gap);
    at += gap;
    for await (const piece of tensor.values()) {
      const bytes = fromFloats(piece, 'F32');
      at += bytes.length;
      yield bytes;
    }
  }
}
