import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { headInputs, modelTensors } from '../families/model-tensors.ts';
import { parseConfig } from '../families/read-config.ts';
import { type ModelFault, rejectionOf } from '../model-fault.ts';
import { openWeights } from '../safetensors/weights.ts';
import { writeModel } from '../testing/safetensors.ts';
import { tinyBert, tinyLlama, wave, writeTinyModel } from '../testing/tiny-models.ts';
import { type BaseModel, checkCheckpoint } from './check-checkpoint.ts';

const root = mkdtempSync(join(tmpdir(), 'agon-checkpoints-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const norm = 'model.norm.weight';
let base: BaseModel;
let coarse: BaseModel;

async function open(name: string, raw: Record<string, unknown>, type: 'F32' | 'BF16'): Promise<BaseModel> {
  const config = await writeTinyModel(join(root, name), raw, wave, { type });
  return { config, weights: await openWeights(join(root, name)) };
}

beforeAll(async () => {
  base = await open('base', tinyLlama, 'F32');
  coarse = await open('coarse', tinyLlama, 'BF16');
});

let folders = 0;
async function check(
  model: { config?: object; extra?: string[]; value?: (name: string, index: number) => number; type?: 'BF16' },
  against = base,
) {
  folders += 1;
  const folder = join(root, String(folders));
  const config = { ...tinyLlama, ...model.config };
  const extra = (model.extra ?? []).map((name) => ({ name, shape: [11, 16] }));
  const tensors = [...modelTensors(parseConfig(tinyLlama)), ...extra];
  const type = model.type === undefined ? {} : { type: model.type };
  await writeModel(folder, { config, tensors }, model.value ?? wave, type);
  return checkCheckpoint(against, folder);
}

const trained = (name: string, index: number): number => wave(name, index) + (name === norm ? 0.01 : 0);

test('a checkpoint with one tensor changed is accepted, and says how much', async () => {
  const { changedTensors, relativeChange } = await check({ value: trained });
  expect(changedTensors).toBe(1);
  expect(relativeChange).toBeGreaterThan(1e-5);
  expect(relativeChange).toBeLessThan(1e-2);
});

test('the weights of the base are no submission, also when they are stored in another format', async () => {
  await expect(check({})).rejects.toMatchObject({ code: 'checkpoint_unchanged' });
  await expect(check({ type: 'BF16' })).rejects.toMatchObject({ code: 'checkpoint_unchanged' });
  await expect(check({ type: 'BF16' }, coarse)).rejects.toMatchObject({ code: 'checkpoint_unchanged' });
  expect((await check({ value: trained, type: 'BF16' }, coarse)).changedTensors).toBe(1);
});

test.each([
  ['another vocabulary', { config: { vocab_size: 12 } }, 'architecture_changed'],
  ['another architecture', { config: { architectures: ['MistralForCausalLM'] } }, 'architecture_changed'],
  ['another rotary base', { config: { rope_theta: 500 } }, 'architecture_changed'],
  ['an unknown architecture', { config: { architectures: ['GPT2LMHeadModel'] } }, 'architecture_unknown'],
  ['code of its own', { config: { architectures: ['__proto__'] } }, 'architecture_unknown'],
  ['a broken configuration', { config: { hidden_size: '16' } }, 'config_malformed'],
  ['an extra tensor', { extra: ['model.backdoor.weight'] }, 'tensor_unexpected'],
  [
    'NaN',
    { value: (name: string, index: number) => (index === 7 ? Number.NaN : wave(name, index)) },
    'weights_not_finite',
  ],
  ['infinity', { value: () => Number.POSITIVE_INFINITY }, 'weights_not_finite'],
  ['absurd weights', { value: () => 1e30 }, 'weights_absurd'],
])('a checkpoint with %s is refused', async (_, model, code) => {
  await expect(check(model)).rejects.toMatchObject({ code });
});

test('a copy of a tied embedding beside it is no extra tensor', async () => {
  expect((await check({ value: trained, extra: ['lm_head.weight'] })).changedTensors).toBe(1);
});

test('a classifier is checked against a base without a head', async () => {
  const headless = await open('headless', { ...tinyBert, architectures: ['BertModel'] }, 'F32');
  const folder = join(root, 'classifier');
  const config = parseConfig(tinyBert);
  const head = headInputs(config, 3);
  await writeModel(folder, { config: tinyBert, tensors: [...modelTensors(config), ...head] }, wave);
  const checked = await checkCheckpoint(headless, folder);
  expect(checked).toMatchObject({ changedTensors: 0, config: { labels: 3 } });
  await writeModel(folder, { config: tinyBert, tensors: modelTensors(config) }, wave);
  await expect(checkCheckpoint(headless, folder)).rejects.toMatchObject({ code: 'tensor_missing' });
});

test('faults become rejections of the kind of submission', async () => {
  const fault = (await check({ config: { vocab_size: 12 } }).catch((error) => error)) as ModelFault;
  expect(rejectionOf(fault, 'checkpoint')).toBe('checkpoint_does_not_fit');
  expect(rejectionOf(fault, 'adapter')).toBe('adapter_does_not_fit');
});
