import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { parseConfig } from '../families/read-config.ts';
import { ModelFault } from '../model-fault.ts';
import { encodeSafetensors, type TestTensor } from '../testing/safetensors.ts';
import { tinyBert, tinyLlama } from '../testing/tiny-models.ts';
import { loraInputs } from './lora-inputs.ts';
import { readAdapter } from './read-adapter.ts';

const root = mkdtempSync(join(tmpdir(), 'agon-adapters-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const base = parseConfig(tinyLlama);
const query = 'model.layers.0.self_attn.q_proj';
const down = 'model.layers.0.mlp.down_proj';
const nameA = (module: string): string => `base_model.model.${module}.lora_A.weight`;
const nameB = (module: string): string => `base_model.model.${module}.lora_B.weight`;
const filled = (shape: number[], value: number): TestTensor => ({
  shape,
  values: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(value),
});

const plainConfig = { peft_type: 'LORA', r: 2, lora_alpha: 8, target_modules: ['q_proj'], bias: 'none' };
const plainTensors = { [nameA(query)]: filled([2, 16], 0.5), [nameB(query)]: filled([16, 2], 0.25) };

let folders = 0;
async function adapter(config: unknown, tensors: Record<string, TestTensor> | Uint8Array): Promise<string> {
  folders += 1;
  const folder = join(root, String(folders));
  await mkdir(folder);
  await writeFile(join(folder, 'adapter_config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  const bytes = tensors instanceof Uint8Array ? tensors : encodeSafetensors(tensors);
  await writeFile(join(folder, 'adapter_model.safetensors'), bytes);
  return folder;
}

test('an adapter feeds every input of the graph, its scale folded into B', async () => {
  const read = await readAdapter(base, await adapter(plainConfig, plainTensors));
  const names = loraInputs(base).flatMap(({ a, b }) => [a, b]);
  expect(Object.keys(read.feeds).sort()).toEqual(names.sort());
  expect(read.feeds[`${query}.lora_A`]).toEqual({ data: new Float32Array(32).fill(0.5), dims: [2, 16] });
  expect(read.feeds[`${query}.lora_B`]).toEqual({ data: new Float32Array(32).fill(1), dims: [16, 2] });
  expect(read.feeds[`${down}.lora_B`]).toEqual({ data: new Float32Array(0), dims: [16, 0] });
  expect(read).toMatchObject({ rank: 2, parameters: 64, modules: [{ module: query, rank: 2, scale: 4 }] });
});

test('ranks and alphas of single modules and the root scale are as peft has them', async () => {
  const config = {
    ...plainConfig,
    use_rslora: true,
    rank_pattern: { 'mlp.down_proj': 4 },
    alpha_pattern: { q_proj: 2, [`^${down}`]: 6 },
  };
  const tensors = { ...plainTensors, [nameA(down)]: filled([4, 24], 1), [nameB(down)]: filled([16, 4], 1) };
  const { modules, rank } = await readAdapter(base, await adapter(config, tensors));
  const scales = Object.fromEntries(modules.map((module) => [module.module, module.scale]));
  expect(scales[query]).toBeCloseTo(2 / Math.sqrt(2));
  expect(scales[down]).toBeCloseTo(6 / 2);
  expect(rank).toBe(4);
});

const zeros = { ...plainTensors, [nameB(query)]: filled([16, 2], 0) };
const crossed = {
  [nameA(query)]: { shape: [2, 16], values: Float32Array.from({ length: 32 }, (_, index) => (index < 16 ? 1 : 0)) },
  [nameB(query)]: { shape: [16, 2], values: Float32Array.from({ length: 32 }, (_, index) => index % 2) },
};

test.each([
  ['whose B is zero', plainConfig, zeros, 'adapter_without_effect'],
  ['whose rows of A never meet a column of B', plainConfig, crossed, 'adapter_without_effect'],
  ['whose alpha is zero', { ...plainConfig, lora_alpha: 0 }, plainTensors, 'adapter_without_effect'],
  ['without tensors', plainConfig, {}, 'adapter_without_effect'],
  ['with NaN', plainConfig, { ...plainTensors, [nameA(query)]: filled([2, 16], Number.NaN) }, 'weights_not_finite'],
  ['with infinity', plainConfig, { ...plainTensors, [nameB(query)]: filled([16, 2], Infinity) }, 'weights_not_finite'],
  ['with a norm of 1e30', plainConfig, { ...plainTensors, [nameB(query)]: filled([16, 2], 1e30) }, 'weights_absurd'],
  ['whose alpha makes it absurd', { ...plainConfig, lora_alpha: 1e300 }, plainTensors, 'weights_absurd'],
  ['of another rank than it says', { ...plainConfig, r: 3 }, plainTensors, 'tensor_shape_wrong'],
  ['of another width', plainConfig, { ...plainTensors, [nameA(query)]: filled([2, 17], 1) }, 'tensor_shape_wrong'],
  ['without B', plainConfig, { [nameA(query)]: filled([2, 16], 1) }, 'tensor_missing'],
  [
    'for a layer that is not there',
    plainConfig,
    { [nameA('model.layers.1.self_attn.q_proj')]: filled([2, 16], 1) },
    'tensor_unexpected',
  ],
  [
    'for the embedding',
    plainConfig,
    { ...plainTensors, 'base_model.model.lm_head.weight': filled([11, 16], 1) },
    'tensor_unexpected',
  ],
  [
    'with a magnitude',
    plainConfig,
    { ...plainTensors, [`base_model.model.${query}.lora_magnitude_vector`]: filled([16], 1) },
    'tensor_unexpected',
  ],
  ['of rank 300', { ...plainConfig, r: 300 }, plainTensors, 'adapter_rank_too_large'],
  [
    'of rank 300 in one module',
    { ...plainConfig, rank_pattern: { q_proj: 300 } },
    plainTensors,
    'adapter_rank_too_large',
  ],
  ['of rank 0', { ...plainConfig, r: 0 }, plainTensors, 'adapter_malformed'],
  ['without alpha', { peft_type: 'LORA', r: 2 }, plainTensors, 'adapter_malformed'],
  ['whose configuration is no JSON', '{', plainTensors, 'adapter_malformed'],
  ['that is no LoRA', { ...plainConfig, peft_type: 'IA3' }, plainTensors, 'adapter_unsupported'],
  ['that is DoRA', { ...plainConfig, use_dora: true }, plainTensors, 'adapter_unsupported'],
  ['with biases', { ...plainConfig, bias: 'all' }, plainTensors, 'adapter_unsupported'],
  ['with whole modules', { ...plainConfig, modules_to_save: ['lm_head'] }, plainTensors, 'adapter_unsupported'],
  ['that changed its base', { ...plainConfig, init_lora_weights: 'pissa' }, plainTensors, 'adapter_unsupported'],
  ['with a pattern', { ...plainConfig, rank_pattern: { '(.*)*q_proj': 2 } }, plainTensors, 'adapter_unsupported'],
  [
    'that is no safetensors',
    plainConfig,
    Uint8Array.from([0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46]),
    'weights_malformed',
  ],
])('an adapter %s is refused', async (_, config, tensors, code) => {
  const folder = await adapter(config, tensors as Record<string, TestTensor>);
  await expect(readAdapter(base, folder)).rejects.toMatchObject({ code });
});

test('a rank above the limit of a job is refused', async () => {
  const reading = readAdapter(base, await adapter(plainConfig, plainTensors), { rankMax: 1 });
  await expect(reading).rejects.toMatchObject({ code: 'adapter_rank_too_large' });
});

test('the adapter of a classifier brings its head, and no adapter may leave it out', async () => {
  const encoder = parseConfig(tinyBert);
  const module = 'bert.encoder.layer.0.attention.self.query';
  const config = { ...plainConfig, modules_to_save: ['classifier', 'score'] };
  const lora = { [nameA(module)]: filled([2, 16], 0.5), [nameB(module)]: filled([16, 2], 0) };
  const head = {
    'base_model.model.classifier.weight': filled([3, 16], 0.5),
    'base_model.model.classifier.bias': filled([3], 0.5),
  };
  const read = await readAdapter(encoder, await adapter(config, { ...lora, ...head }), { labels: 3 });
  expect(read.feeds['classifier.bias']).toEqual({ data: new Float32Array(3).fill(0.5), dims: [3] });
  await expect(readAdapter(encoder, await adapter(config, lora), { labels: 3 })).rejects.toMatchObject({
    code: 'tensor_missing',
  });
  await expect(readAdapter(encoder, await adapter(config, head), { labels: 4 })).rejects.toMatchObject({
    code: 'tensor_shape_wrong',
  });
});

test('any configuration is read or refused', async () => {
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(0, -1, 1e308, 'LORA', true, {}, []));
  const keys = fc.constantFrom(
    ...[
      'peft_type',
      'r',
      'lora_alpha',
      'bias',
      'rank_pattern',
      'alpha_pattern',
      'modules_to_save',
      'use_rslora',
      'use_dora',
      'init_lora_weights',
      '__proto__',
    ],
  );
  const folder = await adapter(plainConfig, plainTensors);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(keys, value), { maxLength: 4 }), async (changes) => {
      const config = JSON.stringify({ ...plainConfig, ...Object.fromEntries(changes) });
      await writeFile(join(folder, 'adapter_config.json'), config);
      try {
        const { feeds } = await readAdapter(base, folder);
        expect(Object.values(feeds).every((matrix) => matrix.data.every(Number.isFinite))).toBe(true);
      } catch (error) {
        if (!(error instanceof ModelFault)) throw error;
      }
    }),
    { numRuns: 200 },
  );
});
