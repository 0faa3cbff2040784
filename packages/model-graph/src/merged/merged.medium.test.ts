import { createWriteStream, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DecoderConfig } from '../decoder/decoder-config.ts';
import type { EncoderConfig } from '../encoder/encoder-config.ts';
import { canonicalWeights } from '../families/model-tensors.ts';
import { readConfig } from '../families/read-config.ts';
import { readValues } from '../safetensors/read-values.ts';
import { openTensorFile } from '../safetensors/tensor-file.ts';
import { openWeights } from '../safetensors/weights.ts';
import {
  largestDifference,
  openReference,
  type Reference,
  referencePython,
  writeReferences,
} from '../testing/reference.ts';
import { type Feed, type OpenGraph, openGraph } from '../testing/run-graph.ts';
import { mergeAdapter, storedTensors } from './merge-adapter.ts';
import { onnxFiles } from './onnx-files.ts';
import { safetensorsBytes } from './safetensors-bytes.ts';

const adapted = ['llama', 'llama-head-of-20', 'llama-bf16', 'mistral', 'qwen2', 'qwen3'];
const plain = ['llama-tied-large-vocabulary', 'llama-f16-shards', 'mistral-window', 'mistral-window-head-of-12'];
const encoders = ['bert', 'distilbert', 'roberta'];
const logitsTolerance = 1e-3;

const python = referencePython(process.env.AGON_PYTHON);
let root = '';
beforeAll(() => {
  if (python !== undefined) root = writeReferences(python, [...adapted, ...plain, ...encoders]);
}, 300_000);
afterAll(() => {
  if (root !== '') rmSync(root, { recursive: true, force: true });
});

describe.skipIf(python === undefined)('merged weights are those of peft', () => {
  test.each(adapted)('%s, in the number format of the base', async (name) => {
    const folder = join(root, name);
    const config = (await readConfig(folder)) as DecoderConfig;
    const merged = await mergeAdapter({ config, weights: await openWeights(folder) }, join(folder, 'adapter'));
    const path = join(folder, 'ours.safetensors');
    await pipeline(Readable.from(safetensorsBytes(merged.values())), createWriteStream(path));
    const ours = await openTensorFile(path);
    const theirs = await openWeights(join(folder, 'merged'));
    expect([...ours.tensors.keys()].sort()).toEqual([...theirs.tensors.keys()].sort());
    for (const tensor of theirs.tensors.values()) {
      const mine = ours.tensors.get(tensor.name);
      expect(mine).toMatchObject({ type: tensor.type, shape: tensor.shape });
      const [left, right] = [await readValues(mine ?? tensor), await readValues(tensor)];
      // One rounding step of the format: a sum that lies between two numbers may go either way.
      const largest = right.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largestDifference(left, right)).toBeLessThanOrEqual(
        largest * (tensor.type === 'BF16' ? 2 ** -8 : 2 ** -22),
      );
    }
  });
});

describe.skipIf(python === undefined)('the published graphs agree with PyTorch', () => {
  test.each([...adapted, ...plain])(
    '%s, for a batch of rows with padding before them, whole and by steps',
    async (name) => {
      const folder = join(root, name);
      const reference = await openReference(folder);
      const config = (await readConfig(folder)) as DecoderConfig;
      const weights = await openWeights(folder);
      const isAdapted = adapted.includes(name);
      const tensors = isAdapted
        ? await mergeAdapter({ config, weights }, join(folder, 'adapter'))
        : storedTensors(weights);
      const open = await openOnnx(join(folder, 'published'), { config, tensors });
      const rows = await Promise.all(
        reference.lengths.map((_, row) => reference.values(`${isAdapted ? 'adapter.' : ''}logits.${row}`)),
      );
      await padsLeft(open, { reference, config, rows });
      await open.close();
    },
  );

  test.each(encoders)('%s, for a batch of rows with padding after them', async (name) => {
    const folder = join(root, name);
    const reference = await openReference(folder);
    const config = (await readConfig(folder)) as EncoderConfig;
    const tensors = storedTensors(canonicalWeights(config, await openWeights(folder)));
    const open = await openOnnx(join(folder, 'published'), { config, tensors });
    const dims = [reference.lengths.length, reference.width];
    const mask = reference.lengths.flatMap((length) => rowOf(reference.width, (column) => (column < length ? 1 : 0)));
    const outputs = await open.run({
      input_ids: { ints: reference.ids, dims },
      attention_mask: { ints: mask, dims },
      ...(config.tokenTypes > 1 ? { token_type_ids: { ints: [...(await reference.values('types'))], dims } } : {}),
    });
    await open.close();
    expect(largestDifference(outputs.logits?.data ?? [], await reference.values('logits'))).toBeLessThan(
      logitsTolerance,
    );
  });
});

const rowOf = (width: number, value: (column: number) => number): number[] =>
  Array.from({ length: width }, (_, column) => value(column));

async function openOnnx(folder: string, model: Parameters<typeof onnxFiles>[0]): Promise<OpenGraph> {
  await mkdir(folder);
  const files = onnxFiles(model, 'model.onnx_data');
  await pipeline(Readable.from(files.data()), createWriteStream(join(folder, 'model.onnx_data')));
  return openGraph(join(folder, 'model.onnx'), files.graph);
}

/** All logits of all tokens in one run, then the last ones after the rest came token by token. */
async function padsLeft(
  open: OpenGraph,
  { reference, config, rows }: { reference: Reference; config: DecoderConfig; rows: readonly Float32Array[] },
): Promise<void> {
  const { vocabulary } = config;
  const { width, lengths } = reference;
  const whole = await open.run(feedsOf(reference, config, { from: 0, to: width, kept: 0, cache: {} }));
  const steps = 3;
  let outputs = await open.run(feedsOf(reference, config, { from: 0, to: width - steps, kept: 1, cache: {} }));
  for (let at = width - steps; at < width; at += 1) {
    outputs = await open.run(feedsOf(reference, config, { from: at, to: at + 1, kept: 1, cache: outputs }));
  }
  for (const [row, length] of lengths.entries()) {
    const start = (row * width + width - length) * vocabulary;
    const got = whole.logits?.data.subarray(start, (row + 1) * width * vocabulary) ?? [];
    expect(largestDifference(got, rows[row] ?? [])).toBeLessThan(logitsTolerance);
    const last = outputs.logits?.data.subarray(row * vocabulary, (row + 1) * vocabulary) ?? [];
    expect(largestDifference(last, rows[row]?.slice(-vocabulary) ?? [])).toBeLessThan(logitsTolerance);
  }
}

type Cut = { from: number; to: number; kept: number; cache: Record<string, Feed> };

/** The columns `from` to `to` of the rows with padding before them. */
function feedsOf(reference: Reference, config: DecoderConfig, cut: Cut): Record<string, Feed> {
  const { width, lengths, ids } = reference;
  const table = (from: number, to: number, value: (row: number, index: number) => number): Feed => ({
    ints: lengths.flatMap((length, row) => rowOf(to - from, (column) => value(row, from + column - (width - length)))),
    dims: [lengths.length, to - from],
  });
  const feeds: Record<string, Feed> = {
    input_ids: table(cut.from, cut.to, (row, index) => (index < 0 ? 0 : (ids[row * width + index] as number))),
    attention_mask: table(0, cut.to, (_, index) => (index < 0 ? 0 : 1)),
    num_logits_to_keep: { ints: [cut.kept], dims: [] },
  };
  const none = { data: new Float32Array(0), dims: [lengths.length, config.keyValueHeads, 0, config.headSize] };
  for (let layer = 0; layer < config.layers; layer += 1) {
    for (const part of ['key', 'value']) {
      feeds[`past_key_values.${layer}.${part}`] = cut.cache[`present.${layer}.${part}`] ?? none;
    }
  }
  return feeds;
}
