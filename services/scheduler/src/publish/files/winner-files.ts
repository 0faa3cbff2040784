import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limits, type ModelFile, type SubmissionFormat } from '@agon/contracts';
import {
  canonicalWeights,
  type MergedTensor,
  type ModelConfig,
  mergeAdapter,
  openWeights,
  readConfig,
  storedTensors,
  tensorBytes,
} from '@agon/model-graph';
import type { ArtifactStore, BaseModelRecord, SubmissionRecord } from '@agon/store';
import { publishedAdapterConfig } from './adapter-config.ts';
import { mergedFiles } from './merged-files.ts';
import { writeOnnx } from './onnx-form.ts';
import { publishedConfig } from './published-config.ts';
import { putJson } from './put-file.ts';
import { inWorkFolder, linkBlobs } from './work-folder.ts';

export type Wish = {
  readonly submission: SubmissionRecord;
  readonly base: BaseModelRecord;
  readonly onnx: boolean;
  readonly merged: boolean;
  /** Hears what is written next, in words. */
  readonly say: (what: string, message: string) => Promise<void>;
};

export type WinnerFiles = (wish: Wish) => Promise<ModelFile[]>;

export type FilesDeps = { readonly artifacts: Pick<ArtifactStore, 'put' | 'localPath'> };

/** A winner on disk, with its adapter merged in where it is one. */
export type OpenWinner = {
  readonly format: SubmissionFormat;
  readonly config: ModelConfig;
  readonly tensors: ReadonlyMap<string, MergedTensor>;
  /** config.json of the base. */
  readonly baseConfig: Record<string, unknown>;
  readonly folder: string;
};

/**
 * Writes what strangers need of a language model or encoder beside what its miner handed in: configurations that are
 * right anywhere, the ONNX form, merged weights. Everything is computed from files that the evaluator has checked, as a
 * stream; the same winner gives the same bytes, so a second delivery writes nothing new.
 */
export const createWinnerFiles =
  (deps: FilesDeps): WinnerFiles =>
  (wish) =>
    inWorkFolder(async (work) => {
      const winner = await openWinner(deps, wish, work);
      const onnx = wish.onnx && (await fitsOnnx(wish, winner));
      return [
        ...movedWeights(wish.submission),
        ...(await configFiles(deps, { wish, winner, onnx })),
        ...(onnx ? await writeOnnx(deps, winner, wish.say) : []),
        ...(wish.merged && winner.format === 'peft-lora' ? await mergedFiles(deps, { wish, winner }) : []),
      ];
    });

async function openWinner(deps: FilesDeps, { submission, base }: Wish, work: string): Promise<OpenWinner> {
  const baseFolder = await linkBlobs(deps.artifacts, base.files, join(work, 'base'));
  const files = rootedFiles(submission);
  const folder = await linkBlobs(deps.artifacts, files, join(work, 'winner'));
  const baseConfig = await readJson(join(baseFolder, 'config.json'));
  const { format } = submission;
  if (format === 'peft-lora') {
    const config = await readConfig(baseFolder);
    if (config.kind !== 'decoder') throw new Error(`${config.architecture} has no adapters.`);
    const weights = await openWeights(baseFolder);
    const tensors = await mergeAdapter({ config, weights }, folder, { rankMax: limits.loraRankMax });
    return { format, config, tensors, baseConfig, folder };
  }
  const config = await readConfig(folder);
  const tensors = storedTensors(canonicalWeights(config, await openWeights(folder)));
  return { format, config, tensors, baseConfig, folder };
}

/** The files of the folder that the model is in, by their names in it: trainers may put all into one folder. */
function rootedFiles({ format, files }: SubmissionRecord): ModelFile[] {
  const anchor = format === 'peft-lora' ? 'adapter_config.json' : 'config.json';
  const found = files.find(({ path }) => path === anchor || path.endsWith(`/${anchor}`));
  if (!found) throw new Error(`The winner has no ${anchor}.`);
  const folder = found.path.slice(0, found.path.length - anchor.length);
  const inFolder = files.filter(({ path }) => path.startsWith(folder));
  return inFolder.map(({ path, bytes, sha256 }) => ({ path: path.slice(folder.length), bytes, sha256 }));
}

const readJson = async (path: string): Promise<Record<string, unknown>> => JSON.parse(await readFile(path, 'utf8'));

/** Programs look for weights beside the configuration, which is at the root. */
function movedWeights(submission: SubmissionRecord): ModelFile[] {
  const there = new Set(submission.files.map(({ path }) => path));
  const isWeights = ({ path }: ModelFile): boolean => /^[^/]+\.safetensors(\.index\.json)?$/.test(path);
  return rootedFiles(submission).filter((file) => isWeights(file) && !there.has(file.path));
}

async function fitsOnnx({ base, say }: Wish, { tensors }: OpenWinner): Promise<boolean> {
  const values = [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const bytes = values * Float32Array.BYTES_PER_ELEMENT;
  if (bytes <= limits.onnxBytesMax) return true;
  const gib = (count: number): string => `${(count / 2 ** 30).toFixed(1)} GiB`;
  const most = `at most ${gib(limits.onnxBytesMax)} are written`;
  await say('onnx-skipped', `${base.name} would have ${gib(bytes)} as ONNX; ${most}, so the model has none.`);
  return false;
}

async function configFiles(
  deps: FilesDeps,
  { wish, winner, onnx }: { wish: Wish; winner: OpenWinner; onnx: boolean },
): Promise<ModelFile[]> {
  const { baseConfig: base } = winner;
  if (winner.format === 'peft-lora') {
    const adapter = publishedAdapterConfig(await readJson(join(winner.folder, 'adapter_config.json')), wish.base);
    const config = onnx ? [await putJson(deps, 'config.json', publishedConfig({ base, onnx }))] : [];
    return [await putJson(deps, 'adapter_config.json', adapter), ...config];
  }
  const weights = typeOfMost(winner.tensors);
  const checkpoint = { config: await readJson(join(winner.folder, 'config.json')), weights };
  return [await putJson(deps, 'config.json', publishedConfig({ base, checkpoint, onnx }))];
}

/** The number format of the largest tensor: norms may be kept finer. */
function typeOfMost(tensors: OpenWinner['tensors']): MergedTensor['type'] {
  const bySize = [...tensors.values()].toSorted((left, right) => tensorBytes(right) - tensorBytes(left));
  return bySize[0]?.type ?? 'F32';
}
