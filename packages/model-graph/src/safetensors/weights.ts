import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { ModelFault } from '../model-fault.ts';
import { isFloatType } from './element-type.ts';
import { openTensorFile, type StoredTensor, type TensorFile } from './tensor-file.ts';

/** The tensors of a model, of one file or of several shards. */
export type Weights = {
  readonly folder: string;
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, StoredTensor>;
};

const ShardIndex = z.object({ weight_map: z.record(z.string().max(1_024), z.string().max(255)) });

const singleName = 'model.safetensors';
const indexName = 'model.safetensors.index.json';
const indexBytesMax = 32 * 1024 * 1024;
const shardsMax = 1_000;

/**
 * Finds the tensors of a folder in Hugging Face's layout: `model.safetensors`, or the shards that
 * `model.safetensors.index.json` names.
 *
 * @throws ModelFault `weights_missing`, `weights_malformed`
 */
export async function openWeights(folder: string, options: { headerBytesMax?: number } = {}): Promise<Weights> {
  const index = await readIndex(join(folder, indexName));
  if (index === undefined) {
    const file = await openTensorFile(join(folder, singleName), options);
    return { folder, files: [file.path], tensors: file.tensors };
  }
  const names = [...new Set(Object.values(index))].sort();
  if (names.length > shardsMax) {
    throw new ModelFault(
      'weights_malformed',
      `${indexName} names ${names.length} files; at most ${shardsMax} are read.`,
    );
  }
  const files: TensorFile[] = [];
  for (const name of names) files.push(await openTensorFile(join(folder, checkedName(name)), options));
  return { folder, files: files.map((file) => file.path), tensors: joined(files, index) };
}

async function readIndex(path: string): Promise<Record<string, string> | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  if (!found.isFile() || found.size > indexBytesMax) {
    throw new ModelFault('weights_malformed', `${indexName} is not a file of at most ${indexBytesMax} bytes.`);
  }
  try {
    return ShardIndex.parse(JSON.parse(await readFile(path, 'utf8'))).weight_map;
  } catch (error) {
    throw new ModelFault('weights_malformed', `${indexName} is not a valid index of shards.`, error);
  }
}

function checkedName(name: string): string {
  if (name !== basename(name) || !/^[\w.-]+\.safetensors$/.test(name)) {
    throw new ModelFault(
      'weights_malformed',
      `${indexName} names ${JSON.stringify(name)}, which is no shard beside it.`,
    );
  }
  return name;
}

/** As transformers does: what a shard has counts, and what the index promises must be there. */
function joined(files: readonly TensorFile[], index: Record<string, string>): Map<string, StoredTensor> {
  const all = new Map<string, StoredTensor>();
  for (const file of files) {
    for (const tensor of file.tensors.values()) {
      if (all.has(tensor.name)) {
        throw new ModelFault('weights_malformed', `The tensor ${JSON.stringify(tensor.name)} is in two shards.`);
      }
      all.set(tensor.name, tensor);
    }
  }
  for (const [tensor, file] of Object.entries(index)) {
    const found = all.get(tensor);
    if (found === undefined || basename(found.file) !== file) {
      throw new ModelFault('weights_malformed', `${file} lacks the tensor ${JSON.stringify(tensor)} of the index.`);
    }
  }
  return all;
}

/**
 * A tensor of floats with the shape that the architecture asks for.
 *
 * @throws ModelFault `tensor_missing`, `tensor_shape_wrong`, `weights_type_unsupported`
 */
export function tensorOf(weights: Pick<Weights, 'tensors'>, name: string, shape: readonly number[]): StoredTensor {
  const tensor = weights.tensors.get(name);
  if (!tensor) throw new ModelFault('tensor_missing', `The weights lack the tensor ${name}.`);
  if (tensor.shape.length !== shape.length || tensor.shape.some((size, index) => size !== shape[index])) {
    throw new ModelFault(
      'tensor_shape_wrong',
      `The tensor ${name} is [${tensor.shape.join(',')}]; the configuration asks for [${shape.join(',')}].`,
    );
  }
  if (!isFloatType(tensor.type)) {
    throw new ModelFault(
      'weights_type_unsupported',
      `The tensor ${name} is stored as ${tensor.type}; only F32, F16 and BF16 are read.`,
    );
  }
  return tensor;
}
