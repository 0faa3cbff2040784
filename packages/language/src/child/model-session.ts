import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkCheckpoint,
  classifyGraph,
  emptyAdapterFeeds,
  type Matrix,
  openWeights,
  readAdapter,
  readConfig,
  scoreGraph,
} from '@agon/model-graph';
import ort from 'onnxruntime-node';
import { modelRejection } from './model-rejection.ts';
import { openSession } from './open-session.ts';
import type { AdapterRef, ToScorer } from './protocol.ts';

export type Opened = Omit<Extract<ToScorer, { kind: 'open' }>, 'kind' | 'id'>;

/** The base without an adapter, or another's adapter: what a score graph takes besides its tokens. */
export type LoraTensors = Readonly<Record<string, ort.Tensor>>;

/** A base model with LoRA as inputs, so that one session scores any number of adapters. */
export type BaseSession = {
  readonly session: ort.InferenceSession;
  /** @throws OnnxRejection where the adapter is at fault. */
  lora(adapter: AdapterRef | null): Promise<LoraTensors>;
};

/** @throws Error where the base model is not sound: nobody's fault but the service's. */
export async function openBase(opened: Opened): Promise<BaseSession> {
  const config = await readConfig(opened.baseFolder);
  if (config.kind !== 'decoder') throw new Error(`${config.architecture} answers nothing.`);
  const weights = await openWeights(opened.baseFolder);
  const graph = scoreGraph({ config, weights, folder: opened.graphFolder, lora: true });
  const session = await openSession(await written(opened, graph), opened.threads, opened.provider);
  return {
    session,
    lora: async (adapter) => tensorsOf(adapter ? await readFeeds(adapter) : emptyAdapterFeeds(config)),
  };

  async function readFeeds({ folder, rankMax }: AdapterRef): Promise<Readonly<Record<string, Matrix>>> {
    try {
      return (await readAdapter(config, folder, { rankMax })).feeds;
    } catch (error) {
      throw modelRejection(error, 'adapter');
    }
  }
}

/**
 * Checks a full checkpoint against its base and loads it.
 *
 * @returns the session, and how its classes are called where it classifies: the `id2label` of its config.json is read
 * elsewhere.
 * @throws OnnxRejection where the checkpoint is at fault; Error where the base is.
 */
export async function openCheckpoint(opened: Opened, folder: string): Promise<ort.InferenceSession> {
  const base = { config: await readConfig(opened.baseFolder), weights: await openWeights(opened.baseFolder) };
  try {
    const { config, weights } = await checkCheckpoint(base, folder);
    const place = { folder: opened.graphFolder, lora: false };
    const graph =
      config.kind === 'decoder'
        ? scoreGraph({ config, weights, ...place })
        : classifyGraph({ config, weights, ...place, head: 'weights' });
    return await openSession(await written(opened, graph), opened.threads, opened.provider);
  } catch (error) {
    throw modelRejection(error, 'checkpoint');
  }
}

async function written(opened: Opened, graph: Uint8Array): Promise<string> {
  const path = join(opened.graphFolder, opened.checkpointFolder === null ? 'base.onnx' : 'checkpoint.onnx');
  await writeFile(path, graph);
  return path;
}

const tensorsOf = (feeds: Readonly<Record<string, Matrix>>): LoraTensors =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims }]) => [name, new ort.Tensor('float32', data, [...dims])]),
  );
