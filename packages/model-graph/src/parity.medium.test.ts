import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Adapter,
  classifyGraph,
  commonPrefix,
  type DecoderConfig,
  type EncoderConfig,
  emptyAdapterFeeds,
  generateGraph,
  openWeights,
  readAdapter,
  readConfig,
  type ScoreRow,
  scoreBatch,
  scoreGraph,
} from './index.ts';
import {
  largestDifference,
  openReference,
  type Reference,
  referencePython,
  writeReferences,
} from './testing/reference.ts';
import { type Feed, openGraph, runGraph } from './testing/run-graph.ts';

const decoders = [
  'llama',
  'llama-tied-large-vocabulary',
  'llama-biases',
  'llama-linear',
  'llama-llama3',
  'llama-multi-head',
  'llama-head-of-20',
  'llama-bf16',
  'llama-f16-shards',
  'mistral',
  'mistral-window',
  'mistral-window-head-of-12',
  'qwen2',
  'qwen2-window',
  'qwen3',
  'qwen3-tied',
];
const encoders = ['bert', 'bert-tanh-f16', 'distilbert', 'roberta'];
/** Is in the reference only where Python has its package. */
const smollm2 = 'smollm2';
const logitsTolerance = 1e-3;
const lossTolerance = 1e-4;

const python = referencePython(process.env.AGON_PYTHON);
/** A folder that `parity/reference.py` has written before, to save its time. */
const ready = process.env.AGON_PARITY_FOLDER;
let root = ready ?? '';

beforeAll(() => {
  if (python !== undefined && ready === undefined) root = writeReferences(python);
}, 300_000);

afterAll(() => {
  if (ready === undefined && root !== '') rmSync(root, { recursive: true, force: true });
});

test('a reference in Python is at hand where CI runs', () => {
  expect(python !== undefined || process.env.CI === undefined).toBe(true);
});

describe.skipIf(python === undefined)('the graphs agree with PyTorch', () => {
  test('every model of the reference has a test', () => {
    const found = readdirSync(root).filter((name) => name !== smollm2);
    expect(found.sort()).toEqual([...decoders, ...encoders].sort());
  });

  test.each(decoders)('losses of %s', lossesAgree, 60_000);

  test.each(decoders)('losses of %s after a prefix that is computed once', async (name) => {
    const folder = join(root, name);
    const reference = await openReference(folder);
    const { config, weights } = await openDecoder(folder);
    const path = join(folder, 'score.onnx');
    const graph = scoreGraph({ config, weights, folder, lora: false, prefix: true });
    const start = 11;
    const row = reference.ids.slice(reference.width, reference.width + (reference.lengths[1] ?? 0));
    const rows = [row, row.slice(0, -4)].map((tokens) => ({
      tokens,
      completion: tokens.map((_, index) => index).slice(start + 1),
    }));
    expect(commonPrefix(rows)).toBe(start);
    const prefixRow = [{ tokens: row.slice(0, start), completion: [] }];
    const outputs = await runGraph(path, graph, { ...batchFeeds(prefixRow, 0), ...prefixFeeds(config, {}) });
    const after = await runGraph(path, graph, { ...batchFeeds(rows, start), ...prefixFeeds(config, outputs) });
    const losses = [...(await reference.values('losses.1')).slice(start)];
    const expected = [...losses, ...losses.slice(0, -4)];
    expect(largestDifference(after.losses?.data ?? [], expected)).toBeLessThan(lossTolerance);
  });

  test.each(decoders)('logits of %s, whole and token by token', logitsAgree, 60_000);

  test('losses and logits of SmolLM2, where its package is installed', async () => {
    if (!existsSync(join(root, smollm2))) return;
    await lossesAgree(smollm2);
    await logitsAgree(smollm2);
  }, 300_000);

  test.each(encoders)('logits of %s', async (name) => {
    const folder = join(root, name);
    const reference = await openReference(folder);
    const config = (await readConfig(folder)) as EncoderConfig;
    const weights = await openWeights(folder);
    const path = join(folder, 'classify.onnx');
    const feeds = await textFeeds(reference, config);
    const alone = await runGraph(path, classifyGraph({ config, weights, folder, lora: false, head: 'weights' }), feeds);
    expect(largestDifference(alone.logits?.data ?? [], await reference.values('logits'))).toBeLessThan(logitsTolerance);
  });

  test.each(encoders)('logits of %s from a base without head and an adapter that brings one', async (name) => {
    const folder = join(root, name);
    const reference = await openReference(folder);
    const labels = ((await readConfig(folder)) as EncoderConfig).labels as number;
    const config = (await readConfig(join(folder, 'base'))) as EncoderConfig;
    const weights = await openWeights(join(folder, 'base'));
    const adapter = await readAdapter(config, join(folder, 'adapter'), { labels });
    const graph = classifyGraph({ config, weights, folder, lora: true, head: { labels } });
    const feeds = { ...(await textFeeds(reference, config)), ...adapter.feeds };
    const outputs = await runGraph(join(folder, 'adapted.onnx'), graph, feeds);
    const expected = await reference.values('adapter.logits');
    expect(largestDifference(outputs.logits?.data ?? [], expected)).toBeLessThan(logitsTolerance);
    expect(largestDifference(expected, await reference.values('logits'))).toBeGreaterThan(100 * logitsTolerance);
  });
});

async function lossesAgree(name: string): Promise<void> {
  const folder = join(root, name);
  const reference = await openReference(folder);
  const { config, weights } = await openDecoder(folder);
  const { feeds, expected } = await completions(reference, '');
  const path = join(folder, 'score.onnx');
  const alone = await runGraph(path, scoreGraph({ config, weights, folder, lora: false }), feeds);
  expect(largestDifference(alone.losses?.data ?? [], expected)).toBeLessThan(lossTolerance);
  const open = await openGraph(path, scoreGraph({ config, weights, folder, lora: true }));
  const empty = await open.run({ ...feeds, ...emptyAdapterFeeds(config) });
  expect(largestDifference(empty.losses?.data ?? [], expected)).toBeLessThan(lossTolerance);
  if (!existsSync(join(folder, 'adapter'))) return open.close();
  const adapter = await readAdapter(config, join(folder, 'adapter'));
  const adapted = await open.run({ ...feeds, ...adapter.feeds });
  await open.close();
  const { expected: adaptedLosses } = await completions(reference, 'adapter.');
  expect(largestDifference(adapted.losses?.data ?? [], adaptedLosses)).toBeLessThan(lossTolerance);
  expect(largestDifference(adaptedLosses, expected)).toBeGreaterThan(100 * lossTolerance);
}

async function logitsAgree(name: string): Promise<void> {
  const folder = join(root, name);
  const reference = await openReference(folder);
  const { config, weights } = await openDecoder(folder);
  const path = join(folder, 'generate.onnx');
  const expected = await reference.values('logits.0');
  const lora = existsSync(join(folder, 'adapter'));
  const whole = generateGraph({ config, weights, folder, lora, logits: 'all' });
  const adapter = lora ? await readAdapter(config, join(folder, 'adapter')) : undefined;
  const tokens = reference.ids.slice(0, reference.lengths[0]);
  const base = lora ? emptyAdapterFeeds(config) : {};
  const outputs = await runGraph(path, whole, { ...stepFeeds(config, tokens, 0, {}), ...base });
  expect(largestDifference(outputs.logits?.data ?? [], expected)).toBeLessThan(logitsTolerance);
  const graph = generateGraph({ config, weights, folder, lora });
  const wanted = lora ? await reference.values('adapter.logits.0') : expected;
  const stepped = await generateStepwise(path, graph, { config, tokens, adapter });
  expect(largestDifference(stepped, wanted.slice(-config.vocabulary))).toBeLessThan(logitsTolerance);
  const onlyNew = () => generateGraph({ config, weights, folder, lora, present: 'new' });
  if (config.headSize % 8 !== 0) return expect(onlyNew).toThrow(RangeError);
  const buffered = await generateStepwise(path, onlyNew(), { config, tokens, adapter });
  expect(largestDifference(buffered, wanted.slice(-config.vocabulary))).toBeLessThan(logitsTolerance);
}

async function openDecoder(folder: string) {
  return { config: (await readConfig(folder)) as DecoderConfig, weights: await openWeights(folder) };
}

/** Every token but the first of each row is a completion. */
async function completions(reference: Reference, prefix: string) {
  const { ids, lengths, width } = reference;
  const positions: number[] = [];
  const targets: number[] = [];
  const expected: number[] = [];
  for (const [row, length] of lengths.entries()) {
    expected.push(...(await reference.values(`${prefix}losses.${row}`)));
    for (let column = 0; column + 1 < length; column += 1) {
      positions.push(row * width + column);
      targets.push(ids[row * width + column + 1] as number);
    }
  }
  const feeds: Record<string, Feed> = {
    input_ids: { ints: ids, dims: [lengths.length, width] },
    positions: { ints: positions, dims: [positions.length] },
    targets: { ints: targets, dims: [targets.length] },
  };
  return { feeds, expected };
}

function batchFeeds(rows: readonly ScoreRow[], prefix: number): Record<string, Feed> {
  const batch = scoreBatch(rows, prefix);
  return {
    input_ids: { ints: [...batch.inputIds].map(Number), dims: [batch.rows, batch.columns] },
    positions: { ints: [...batch.positions].map(Number), dims: [batch.positions.length] },
    targets: { ints: [...batch.targets].map(Number), dims: [batch.targets.length] },
  };
}

function prefixFeeds(config: DecoderConfig, outputs: Cache): Record<string, Feed> {
  const none = { data: new Float32Array(0), dims: [1, config.keyValueHeads, 0, config.headSize] };
  const names = Array.from({ length: config.layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  return Object.fromEntries(names.map((name) => [`prefix.${name}`, outputs[`present.${name}`] ?? none]));
}

type Cache = Record<string, Feed>;

function stepFeeds(config: DecoderConfig, tokens: number[], earlier: number, cache: Cache): Record<string, Feed> {
  const ones = Array.from({ length: earlier + tokens.length }, () => 1);
  const feeds: Record<string, Feed> = {
    input_ids: { ints: tokens, dims: [1, tokens.length] },
    attention_mask: { ints: ones, dims: [1, ones.length] },
    position_ids: { ints: tokens.map((_, index) => earlier + index), dims: [1, tokens.length] },
  };
  const none = { data: new Float32Array(0), dims: [1, config.keyValueHeads, 0, config.headSize] };
  for (let layer = 0; layer < config.layers; layer += 1) {
    for (const part of ['key', 'value']) {
      feeds[`past_key_values.${layer}.${part}`] = cache[`present.${layer}.${part}`] ?? none;
    }
  }
  return feeds;
}

/** Five tokens at once, then one by one; the logits after the last. */
async function generateStepwise(
  path: string,
  graph: Uint8Array,
  input: { config: DecoderConfig; tokens: number[]; adapter: Adapter | undefined },
): Promise<Float32Array> {
  const { config, tokens } = input;
  let cache: Cache = {};
  let logits = new Float32Array(0);
  const parts = [tokens.slice(0, 5), ...tokens.slice(5).map((token) => [token])];
  let earlier = 0;
  const open = await openGraph(path, graph);
  for (const part of parts) {
    const feeds = { ...stepFeeds(config, part, earlier, cache), ...input.adapter?.feeds };
    const outputs = await open.run(feeds);
    logits = outputs.logits?.data as Float32Array<ArrayBuffer>;
    cache = 'present.0.key' in outputs ? outputs : withNew(config, { cache, outputs, earlier });
    earlier += part.length;
  }
  await open.close();
  return logits;
}

const roomTokens = 32;

/** Buffers with room behind their tokens, to which those of new tokens are added. */
function withNew(config: DecoderConfig, input: { cache: Cache; outputs: Cache; earlier: number }): Cache {
  const { keyValueHeads: heads, headSize } = config;
  const added = Object.entries(input.outputs).filter(([name]) => name.startsWith('new.'));
  const grown = added.map(([name, feed]) => {
    const present = name.replace('new.', 'present.');
    const values = (feed as { data: Float32Array }).data;
    const before = input.cache[present] as { data: Float32Array } | undefined;
    const data = before?.data ?? new Float32Array(heads * roomTokens * headSize);
    for (let at = 0; at < values.length; at += headSize) {
      const part = at / headSize;
      const token = input.earlier + Math.floor(part / heads);
      data.set(values.subarray(at, at + headSize), ((part % heads) * roomTokens + token) * headSize);
    }
    return [present, { data, dims: [1, heads, roomTokens, headSize] }] as const;
  });
  return Object.fromEntries(grown);
}

async function textFeeds(reference: Reference, config: EncoderConfig): Promise<Record<string, Feed>> {
  const { ids, lengths, width } = reference;
  const dims = [lengths.length, width];
  const types = { ints: [...(await reference.values('types'))], dims };
  return {
    input_ids: { ints: ids, dims },
    lengths: { ints: lengths, dims: [lengths.length], type: 'int32' },
    ...(config.tokenTypes > 1 ? { token_type_ids: types } : {}),
  };
}
