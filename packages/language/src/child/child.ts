/**
 * The process that scores language models. It is forked with an empty environment, reads only the folders that its
 * parent links for it, and is killed by its parent when a limit is passed.
 */

import { readConfig } from '@agon/model-graph';
import { becomeChild, firstLineOf, isMemoryFault, OnnxRejection, serveParent } from '@agon/onnx';
import ort from 'onnxruntime-node';
import { encodeRows } from '../rows/encode-rows.ts';
import { type LanguageTokenizer, openTokenizer } from '../tokenizer/open-tokenizer.ts';
import { classOrder } from './class-order.ts';
import { classifyRows } from './classify-rows.ts';
import { type BaseSession, type Opened, openBase, openCheckpoint } from './model-session.ts';
import { probeProvider } from './open-session.ts';
import type { FromScorer, ScorerAnswer, ToScorer } from './protocol.ts';
import { LossFault, scoreRows } from './score-rows.ts';

type Message<K extends ToScorer['kind']> = Extract<ToScorer, { kind: K }>;

let opened: Opened | undefined;
let tokenizer: Promise<LanguageTokenizer> | undefined;
let base: Promise<BaseSession> | undefined;
let checkpoint: Promise<ort.InferenceSession> | undefined;

function folders(): Opened {
  if (!opened) throw new Error('No base model is open.');
  return opened;
}

function baseOf(): Promise<BaseSession> {
  base ??= openBase(folders()).catch((error: unknown) => {
    base = undefined;
    throw error;
  });
  return base;
}

function checkpointOf(folder: string): Promise<ort.InferenceSession> {
  checkpoint ??= openCheckpoint(folders(), folder);
  return checkpoint;
}

/** Encoders have a longest text; rotary positions have none. */
async function tokensMaxOf(wanted: number): Promise<number> {
  const config = await readConfig(folders().baseFolder);
  return config.kind === 'encoder' ? Math.min(wanted, config.positions) : wanted;
}

async function encode({ input, tokensMax }: Message<'encode'>): Promise<ScorerAnswer> {
  tokenizer ??= openTokenizer(folders().baseFolder);
  return { kind: 'encoded', rows: encodeRows(await tokenizer, input, await tokensMaxOf(tokensMax)) };
}

async function load(): Promise<ScorerAnswer> {
  await baseOf();
  return { kind: 'loaded' };
}

async function probe({ provider }: Message<'probe'>): Promise<ScorerAnswer> {
  await probeProvider(provider);
  return { kind: 'probed' };
}

async function score({ sets, adapter, batchTokens }: Message<'score'>): Promise<ScorerAnswer> {
  const { checkpointFolder } = folders();
  const submitted = adapter !== null || checkpointFolder !== null;
  const loaded = checkpointFolder === null ? await baseOf() : undefined;
  const session = loaded?.session ?? (await checkpointOf(checkpointFolder ?? ''));
  const extra = (await loaded?.lora(adapter)) ?? {};
  return blaming(submitted, async () => {
    const nats: Float64Array[] = [];
    for (const set of sets) nats.push(await scoreRows(session, set, { extra, batchTokens }));
    return { kind: 'scored', nats };
  });
}

async function classify({ sets, classes, batchTokens }: Message<'classify'>): Promise<ScorerAnswer> {
  const { checkpointFolder } = folders();
  if (checkpointFolder === null) throw new Error('No checkpoint is open.');
  const session = await checkpointOf(checkpointFolder);
  const order = await classOrder(checkpointFolder, classes);
  return blaming(true, async () => {
    const logits: Float32Array[] = [];
    for (const set of sets) logits.push(await classifyRows(session, set, { order, batchTokens }));
    return { kind: 'classified', logits };
  });
}

/** A run that fails is the submission's fault where one was running. */
async function blaming(submitted: boolean, work: () => Promise<ScorerAnswer>): Promise<ScorerAnswer> {
  try {
    return await work();
  } catch (error) {
    if (!submitted) throw error;
    const message = firstLineOf(error);
    if (error instanceof LossFault) throw new OnnxRejection('output_not_finite', message);
    throw new OnnxRejection(isMemoryFault(message) ? 'inference_out_of_memory' : 'inference_failed', message);
  }
}

function done(message: ToScorer): Promise<ScorerAnswer> | ScorerAnswer {
  if (message.kind === 'load') return load();
  if (message.kind === 'encode') return encode(message);
  if (message.kind === 'score') return score(message);
  if (message.kind === 'classify') return classify(message);
  if (message.kind === 'probe') return probe(message);
  opened = message;
  return { kind: 'opened' };
}

async function answer(message: ToScorer): Promise<object> {
  const { id } = message;
  try {
    return { ...(await done(message)), id } as FromScorer;
  } catch (error) {
    if (error instanceof OnnxRejection) return { kind: 'rejected', id, code: error.code, message: error.message };
    return { kind: 'failed', id, message: firstLineOf(error) };
  }
}

becomeChild();
serveParent(ort.env.versions.node ?? ort.env.versions.common, answer);
