import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommitSubmission, type SubmissionFormat, SubmissionPath } from '@agon/contracts';
import { z } from 'zod';
import { readFileEntry, readSubmission, SubmissionError } from './read-submission.ts';

/** What a folder holds that any trainer may have written. */
export type ReadyFolder = Pick<CommitSubmission, 'format' | 'files'>;

const ShardIndex = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Reads a folder with a trained model. `submission.json` says what it is where there is one; else its files do: an adapter
 * as peft saves it, a checkpoint as transformers saves it, or one ONNX model.
 *
 * @throws SubmissionError that says what is missing
 */
export async function readReadyFolder(folder: string, options: { bytesMax: number }): Promise<ReadyFolder> {
  const names = await readdir(folder).catch(() => undefined);
  if (!names) throw new SubmissionError(`There is no folder ${folder}.`);
  if (names.includes('submission.json')) return readSubmission(folder, options);
  const { format, paths } = await recognise(folder, names);
  const files = [];
  for (const path of paths) checkPath(path);
  for (const path of paths) files.push(await readFileEntry(folder, path));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > options.bytesMax) {
    throw new SubmissionError(`The files have ${bytes} bytes; at most ${options.bytesMax} are taken.`);
  }
  return { format, files };
}

type Recognised = { readonly format: SubmissionFormat; readonly paths: readonly string[] };

async function recognise(folder: string, names: readonly string[]): Promise<Recognised> {
  if (names.includes('adapter_config.json')) return { format: 'peft-lora', paths: adapterPaths(names) };
  const onnx = names.filter((name) => name.toLowerCase().endsWith('.onnx'));
  if (names.includes('config.json') && onnx.length === 0) {
    return { format: 'hf-checkpoint', paths: ['config.json', ...(await weightPaths(folder, names))] };
  }
  if (onnx.length === 1) return { format: 'onnx', paths: onnx };
  const found = onnx.length > 1 ? `${onnx.length} ONNX files, of which one must be left` : 'none of these';
  throw new SubmissionError(
    'The folder must hold adapter_config.json and adapter_model.safetensors (as peft saves them), config.json and ' +
      `model.safetensors (as transformers saves them), or one .onnx file; there is ${found}.`,
  );
}

/** @throws SubmissionError for a name that the service would not take. */
function checkPath(path: string): void {
  if (SubmissionPath.safeParse(path).success) return;
  throw new SubmissionError(
    `Rename ${JSON.stringify(path)}: names have letters, digits, dot, dash and underscore, and no spaces.`,
  );
}

function adapterPaths(names: readonly string[]): string[] {
  if (names.includes('adapter_model.safetensors')) return ['adapter_config.json', 'adapter_model.safetensors'];
  const pickle = names.includes('adapter_model.bin') ? ' adapter_model.bin is a pickle, which is not taken;' : '';
  throw new SubmissionError(`adapter_model.safetensors is missing;${pickle} save with safe_serialization=True.`);
}

/** Tokenizer files stay here: those of the base model count. */
async function weightPaths(folder: string, names: readonly string[]): Promise<string[]> {
  if (names.includes('model.safetensors')) return ['model.safetensors'];
  const index = 'model.safetensors.index.json';
  if (names.includes(index)) return [index, ...(await shardsOf(join(folder, index)))];
  const pickle = names.includes('pytorch_model.bin') ? ' pytorch_model.bin is a pickle, which is not taken;' : '';
  throw new SubmissionError(`model.safetensors is missing;${pickle} save with safe_serialization=True.`);
}

async function shardsOf(path: string): Promise<string[]> {
  try {
    const { weight_map: map } = ShardIndex.parse(JSON.parse(await readFile(path, 'utf8')));
    return [...new Set(Object.values(map))].sort();
  } catch (error) {
    throw new SubmissionError(`${path} is not an index of shards: ${error instanceof Error ? error.message : ''}`);
  }
}
