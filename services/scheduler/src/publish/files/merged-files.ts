import { type ModelFile, mergedFolder } from '@agon/contracts';
import { type MergedTensor, safetensorsBytes, tensorBytes } from '@agon/model-graph';
import { baseFiles } from '../base-files.ts';
import { putFile, putJson } from './put-file.ts';
import type { FilesDeps, OpenWinner, Wish } from './winner-files.ts';

const indexFile = 'model.safetensors.index.json';

/**
 * The base model with the adapter merged in, as files of the base's own names and number format: what `from_pretrained`
 * and other programs load without peft.
 */
export async function mergedFiles(
  deps: FilesDeps,
  { wish, winner }: { wish: Wish; winner: OpenWinner },
): Promise<ModelFile[]> {
  const files = byFile(winner.tensors);
  const written: ModelFile[] = [];
  for (const [name, tensors] of files) {
    const bytes = tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
    const path = mergedFolder + name;
    await wish.say(path, `Writing ${path} (${Math.ceil(bytes / 2 ** 20)} MiB).`);
    written.push(await putFile(deps, path, safetensorsBytes(tensors)));
  }
  if (files.size > 1) written.push(await putJson(deps, mergedFolder + indexFile, indexOf(winner.tensors)));
  const config = wish.base.files.filter(({ path }) => path === 'config.json');
  const taken = [...config, ...baseFiles(wish.base)];
  return [...written, ...taken.map(({ path, bytes, sha256 }) => ({ path: mergedFolder + path, bytes, sha256 }))];
}

function byFile(tensors: ReadonlyMap<string, MergedTensor>): Map<string, MergedTensor[]> {
  const files = new Map<string, MergedTensor[]>();
  for (const tensor of tensors.values()) {
    const those = files.get(tensor.file);
    if (those) those.push(tensor);
    else files.set(tensor.file, [tensor]);
  }
  return files;
}

const indexOf = (tensors: ReadonlyMap<string, MergedTensor>) => ({
  metadata: { total_size: [...tensors.values()].reduce((sum, tensor) => sum + tensorBytes(tensor), 0) },
  weight_map: Object.fromEntries([...tensors].map(([name, { file }]) => [name, file])),
});
