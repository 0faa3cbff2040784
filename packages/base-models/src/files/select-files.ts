import { AppError, limits } from '@agon/contracts';
import { type FileEntry, type ModelFiles, readJson } from './model-files.ts';

const mib = 1024 * 1024;
/** A tokenizer of a large vocabulary has tens of megabytes. */
const tokenizerBytesMax = 128 * mib;
const indexBytesMax = 32 * mib;
const textBytesMax = 4 * mib;

export const configFile = 'config.json';
export const tokenizerFile = 'tokenizer.json';
export const weightsFile = 'model.safetensors';
export const indexFile = 'model.safetensors.index.json';
const required = [configFile, tokenizerFile];

/** All that is ever kept of a model beside its weights: what trainers, the evaluator and its licence need. */
const kept: Readonly<Record<string, number>> = {
  [configFile]: textBytesMax,
  'generation_config.json': textBytesMax,
  [tokenizerFile]: tokenizerBytesMax,
  'tokenizer_config.json': textBytesMax,
  'special_tokens_map.json': textBytesMax,
  'added_tokens.json': textBytesMax,
  'chat_template.jinja': textBytesMax,
  'README.md': textBytesMax,
  LICENSE: textBytesMax,
  'LICENSE.md': textBytesMax,
  'LICENSE.txt': textBytesMax,
  NOTICE: textBytesMax,
};

/** The files of a model that are kept, sorted by path, and which of them hold the weights. */
export type SelectedFiles = { readonly files: readonly FileEntry[]; readonly weights: readonly string[] };

const invalid = (message: string): AppError => new AppError('base_model_invalid', message);

/**
 * Picks the files that a base model needs of all that there are.
 *
 * @throws AppError `base_model_invalid` that names what is missing or wrong, `base_model_too_large`
 */
export async function selectFiles(given: ModelFiles): Promise<SelectedFiles> {
  const entries = new Map(given.entries.map((entry) => [entry.path, entry]));
  checkRequired(entries);
  const index = await shardsOf(given, entries);
  const weights = index ?? [weightsFile];
  const names = [...Object.keys(kept), ...(index ? [indexFile] : []), ...weights];
  const needed = new Set([...required, ...weights]);
  const there = [...new Set(names)].sort().flatMap((name) => entries.get(name) ?? []);
  const files = there.filter(({ path, bytes }) => bytes > 0 || needed.has(path));
  for (const { path, bytes } of files) {
    const bytesMax = kept[path];
    if (bytes === 0) throw invalid(`${path} is empty.`);
    if (bytesMax !== undefined && bytes > bytesMax) {
      throw invalid(`${path} has ${bytes} bytes; at most ${bytesMax} are taken.`);
    }
  }
  checkSize(files);
  return { files, weights };
}

function checkSize(files: readonly FileEntry[]): void {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes <= limits.baseModelBytesMax) return;
  const gib = (count: number): string => `${(count / 1024 / mib).toFixed(1)} GiB`;
  const message = `The base model has ${gib(bytes)}; at most ${gib(limits.baseModelBytesMax)} are taken.`;
  throw new AppError('base_model_too_large', message);
}

function checkRequired(entries: ReadonlyMap<string, FileEntry>): void {
  const lacks = required.filter((name) => !entries.has(name));
  const unsafe = [...entries.keys()].find((path) => /\.(bin|pt|pth|ckpt|pkl)$/.test(path));
  const hasWeights = entries.has(weightsFile) || entries.has(indexFile);
  if (entries.has('adapter_config.json') && !hasWeights) {
    throw invalid('This is a LoRA adapter, not a base model. Merge it into its base, or import the base.');
  }
  if (lacks.length > 0) {
    const others = hasWeights ? '' : ' and the weights (model.safetensors, or shards with their index)';
    throw invalid(`The model lacks ${lacks.join(', ')}${others}. It must have the layout of Hugging Face.`);
  }
  if (hasWeights) return;
  if (unsafe !== undefined) {
    throw invalid(
      `The weights are a pickle (${unsafe}), which can run code when it is read. Save them as safetensors: ` +
        'in transformers, from_pretrained(FOLDER).save_pretrained(NEW_FOLDER) does so.',
    );
  }
  const foreign = [...entries.keys()].find((path) => /\.(gguf|onnx|h5|msgpack)$/.test(path));
  const found = foreign === undefined ? '' : ` ${foreign} is not read; convert it to safetensors first.`;
  throw invalid(`The model lacks its weights: model.safetensors, or shards with model.safetensors.index.json.${found}`);
}

/** The shards that the index names; undefined where the weights are one file, which then counts. */
async function shardsOf(
  given: ModelFiles,
  entries: ReadonlyMap<string, FileEntry>,
): Promise<readonly string[] | undefined> {
  if (entries.has(weightsFile) || !entries.has(indexFile)) return undefined;
  const index = await readJson(given, indexFile, indexBytesMax);
  const map = index?.weight_map;
  if (map === null || typeof map !== 'object') throw invalid(`${indexFile} has no weight_map.`);
  const shards = [...new Set(Object.values(map))].map(String).sort();
  if (shards.length === 0) throw invalid(`${indexFile} names no shards.`);
  const wrong = shards.find((name) => !/^[A-Za-z0-9_][\w.-]*\.safetensors$/.test(name));
  if (wrong !== undefined)
    throw invalid(`${indexFile} names ${JSON.stringify(wrong.slice(0, 100))}, which is no shard.`);
  const missing = shards.filter((name) => !entries.has(name));
  if (missing.length > 0) {
    throw invalid(`${missing.slice(0, 5).join(', ')} is missing; ${indexFile} names ${shards.length} shards.`);
  }
  return shards;
}
