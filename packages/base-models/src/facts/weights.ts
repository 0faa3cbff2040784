import { AppError } from '@agon/contracts';
import {
  canonicalWeights,
  type ModelConfig,
  modelTensors,
  parseHeader,
  type StoredTensor,
  tensorOf,
} from '@agon/model-graph';
import type { ModelFiles } from '../files/model-files.ts';

const lengthBytes = 8;
const headerBytesMax = 32 * 1024 * 1024;
/** Buffers that some versions of transformers save beside the weights. */
const counted = new Set(['F64', 'F32', 'F16', 'BF16']);

/**
 * Reads the headers of the weights and checks that every tensor that the architecture needs is there in its shape.
 * Answers the number of parameters.
 *
 * @throws AppError `base_model_invalid`, ModelFault
 */
export async function checkWeights(
  files: ModelFiles,
  { names, config }: { names: readonly string[]; config: ModelConfig },
): Promise<number> {
  const tensors = new Map<string, StoredTensor>();
  for (const name of names) for (const tensor of await tensorsOf(files, name)) tensors.set(tensor.name, tensor);
  const canonical = canonicalWeights(config, { tensors });
  for (const { name, shape } of modelTensors(config)) {
    // The pooler is made anew by trainers where a base has none.
    if (config.kind === 'encoder' && /pooler|pre_classifier/.test(name) && !canonical.tensors.has(name)) continue;
    tensorOf(canonical, name, shape);
  }
  return [...tensors.values()]
    .filter((tensor) => counted.has(tensor.type))
    .reduce((sum, tensor) => sum + tensor.shape.reduce((product, size) => product * size, 1), 0);
}

async function tensorsOf(files: ModelFiles, path: string): Promise<StoredTensor[]> {
  const bytes = files.entries.find((entry) => entry.path === path)?.bytes ?? 0;
  const invalid = (reason: string): AppError => new AppError('base_model_invalid', `${path} ${reason}.`);
  if (bytes <= lengthBytes) throw invalid('is too short to be safetensors');
  const start = await files.read(path, 0, lengthBytes);
  const headerBytes = Number(Buffer.from(start).readBigUInt64LE());
  if (headerBytes > headerBytesMax || lengthBytes + headerBytes > bytes) {
    throw invalid('is not safetensors, or only the beginning of such a file');
  }
  const dataStart = lengthBytes + headerBytes;
  const { tensors } = parseHeader(await files.read(path, lengthBytes, dataStart), bytes - dataStart);
  return [...tensors.values()].map(({ name, type, shape, start: first, end }) => {
    return { name, type, shape, file: path, offset: dataStart + first, bytes: end - first };
  });
}
