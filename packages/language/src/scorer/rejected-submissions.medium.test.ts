import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChatRow } from '@agon/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  codeOf,
  type Files,
  llamaConfig,
  noise,
  safetensorsOf,
  someChats,
  tinyAdapter,
  tinyLlama,
  tinyWeights,
  onDisk as writeFiles,
} from '../testing/index.ts';
import { LanguageScorer, type ScorerLimits } from './language-scorer.ts';
import type { ModelFile } from './link-files.ts';

const limits: ScorerLimits = { memoryMib: 1_024, threads: 1, loadMs: 30_000, tokensPerSecondMin: 10 };
let root: string;
let scorer: LanguageScorer;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'agon-rejected-'));
});
afterEach(() => scorer.close());
afterAll(() => rm(root, { recursive: true, force: true }));

const onDisk = (files: Files): Promise<ModelFile[]> => writeFiles(root, files);

async function open(files: Files, options: { limits?: Partial<ScorerLimits>; batchTokens?: number } = {}) {
  scorer = await LanguageScorer.open({
    folder: await mkdtemp(join(root, 'scorer-')),
    files: await onDisk(files),
    limits: { ...limits, ...options.limits },
    ...(options.batchTokens === undefined ? {} : { batchTokens: options.batchTokens }),
  });
}

const encodedChats = () => scorer.encode('chats', async () => ({ kind: 'chat', rows: someChats }), 200);

describe('an adapter is rejected', () => {
  const noAdapter = tinyAdapter();
  const layer = 'base_model.model.model.layers.0.self_attn.q_proj';
  const pair = (inputs: number, value: number, rank = 4) =>
    safetensorsOf({
      [`${layer}.lora_A.weight`]: { shape: [rank, inputs], values: noise(1, rank * inputs, 1) },
      [`${layer}.lora_B.weight`]: { shape: [32, rank], values: new Float32Array(32 * rank).fill(value) },
    });
  const cases: readonly [string, Files, string][] = [
    ['that is for another base', { ...noAdapter, 'adapter_model.safetensors': pair(64, 1) }, 'adapter_does_not_fit'],
    ['whose rank is above the limit', tinyAdapter({ rank: 9 }), 'adapter_invalid'],
    ['that is all zeros', tinyAdapter({ size: 0 }), 'adapter_without_effect'],
    ['with NaN', { ...noAdapter, 'adapter_model.safetensors': pair(32, Number.NaN) }, 'weights_not_finite'],
    ['with a norm of 1e30', { ...noAdapter, 'adapter_model.safetensors': pair(32, 1e30) }, 'weights_absurd'],
    ['that trains tokens too', tinyAdapter({}, { modules_to_save: ['lm_head'] }), 'adapter_invalid'],
    ['that is no JSON', { ...noAdapter, 'adapter_config.json': '{' }, 'adapter_invalid'],
    [
      'that is a pickle',
      { ...noAdapter, 'adapter_model.safetensors': Buffer.from([0x80, 2, 0x7d, 0x71, 0, 0x2e, 0, 0, 0]) },
      'safetensors_invalid',
    ],
    ['that is empty', { ...noAdapter, 'adapter_model.safetensors': '' }, 'safetensors_invalid'],
    ['without its weights', { 'adapter_config.json': noAdapter['adapter_config.json'] ?? '' }, 'file_missing'],
  ];

  test('by name, and the next one is scored by the same process', async () => {
    await open(tinyLlama());
    const rows = await encodedChats();
    const [before] = await scorer.scoreAdapter(await onDisk(noAdapter), [rows], { rankMax: 8 });
    for (const [what, files, code] of cases) {
      const { code: said, message } = await codeOf(scorer.scoreAdapter(await onDisk(files), [rows], { rankMax: 8 }));
      expect([what, said]).toEqual([what, code]);
      expect(message).not.toContain(root);
    }
    expect((await scorer.scoreAdapter(await onDisk(noAdapter), [rows], { rankMax: 8 }))[0]).toEqual(before);
  });
});

test('an adapter that takes too much memory is rejected, and the base is loaded anew for the next', async () => {
  const rows = Array.from({ length: 400 }, () => someChats[4] as ChatRow);
  const many = () => scorer.encode('many', async () => ({ kind: 'chat', rows }), 200);
  await open(tinyLlama());
  await scorer.scoreBase([await encodedChats()]);
  const loadedMib = (await scorer.memoryMib()) ?? 0;
  await scorer.close();
  await open(tinyLlama(), { limits: { memoryMib: loadedMib + 60 }, batchTokens: 1_000_000 });
  const adapter = await onDisk(tinyAdapter());
  const said = await codeOf(scorer.scoreAdapter(adapter, [await many()], { rankMax: 8 }));
  expect(said.code).toBe('inference_out_of_memory');
  const few = await encodedChats();
  expect((await scorer.scoreAdapter(adapter, [few], { rankMax: 8 }))[0]).toHaveLength(someChats.length);
});

describe('a checkpoint is rejected', () => {
  const weights = tinyWeights(llamaConfig, 1);
  const withConfig = (changes: object, tensors = weights): Files => ({
    'config.json': JSON.stringify({ ...llamaConfig, ...changes }),
    'model.safetensors': safetensorsOf(tensors),
  });
  const name = 'model.layers.0.mlp.up_proj.weight';
  const changed = (value: number) => {
    const tensor = weights[name] as (typeof weights)[string];
    return { ...weights, [name]: { shape: tensor.shape, values: tensor.values.map(() => value) } };
  };
  const cases: readonly [string, Files, string][] = [
    ['that is the base', withConfig({}), 'weights_unchanged'],
    ['of another width', withConfig({ hidden_size: 64 }), 'checkpoint_does_not_fit'],
    ['of another architecture', withConfig({ architectures: ['MistralForCausalLM'] }), 'checkpoint_does_not_fit'],
    ['of an unknown architecture', withConfig({ architectures: ['Secret'] }), 'checkpoint_does_not_fit'],
    ['with NaN', withConfig({}, changed(Number.NaN)), 'weights_not_finite'],
    [
      'with a tensor more',
      withConfig({}, { ...changed(0.1), extra: { shape: [1], values: new Float32Array(1) } }),
      'checkpoint_does_not_fit',
    ],
    ['without a weight file', { 'config.json': JSON.stringify(llamaConfig) }, 'file_missing'],
  ];

  test('by name', async () => {
    await open(tinyLlama(1));
    const rows = await encodedChats();
    for (const [what, files, code] of cases) {
      const said = await codeOf(scorer.scoreCheckpoint(await onDisk(files), [rows]));
      expect([what, said.code]).toEqual([what, code]);
    }
  });
});
