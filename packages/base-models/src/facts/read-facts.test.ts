import { tinyConfigs, tinyModel, tinySafetensors } from '@agon/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelFiles } from '../files/model-files.ts';
import { selectFiles } from '../files/select-files.ts';
import { licenseOfCard } from './license.ts';
import { readFacts } from './read-facts.ts';

async function factsOf(kind: keyof typeof tinyConfigs, changes: Parameters<typeof tinyModel>[1] = {}) {
  const content = tinyModel(kind, changes);
  const files: ModelFiles = {
    entries: [...content].map(([path, bytes]) => ({ path, bytes: bytes.length })),
    read: async (path, start, end) => content.get(path)?.subarray(start, end) ?? Buffer.alloc(0),
  };
  return readFacts(files, await selectFiles(files));
}

const config = (kind: keyof typeof tinyConfigs, changes: object): string =>
  JSON.stringify({ ...tinyConfigs[kind], ...changes });

describe('facts', () => {
  test('of a causal model', async () => {
    expect(await factsOf('causal')).toEqual({
      architecture: 'LlamaForCausalLM',
      kind: 'causal',
      // 32 x 8 embeddings; a layer has 64 + 32 + 32 + 64 of attention, 3 x 128 of MLP and two norms of 8; a last norm.
      parameters: 256 + 2 * (192 + 384 + 16) + 8,
      hidden_size: 8,
      layers: 2,
      vocabulary: 32,
      context_tokens: 64,
      has_chat_template: true,
      license: 'apache-2.0',
    });
  });

  test('of an encoder, also where it has no pooler', async () => {
    const whole = await factsOf('encoder');
    expect(whole).toMatchObject({ architecture: 'BertModel', kind: 'encoder', has_chat_template: false });
    const bytes = tinyModel('encoder').get('model.safetensors') as Buffer;
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
    const tensors = Object.entries(header as Record<string, { shape: number[] }>)
      .filter(([name]) => !name.includes('pooler'))
      .map(([name, { shape }]) => ({ name, shape }));
    const without = await factsOf('encoder', { 'model.safetensors': tinySafetensors(tensors) });
    expect(without.parameters).toBe(whole.parameters - 8 * 8 - 8);
  });

  test('count parameters, not positions or other integers', async () => {
    const bytes = tinyModel('encoder').get('model.safetensors') as Buffer;
    const header = JSON.parse(bytes.subarray(8, 8 + Number(bytes.readBigUInt64LE())).toString());
    const tensors = Object.entries(header as Record<string, { shape: number[] }>).map(([name, { shape }]) => ({
      name,
      shape,
    }));
    const more = [...tensors, { name: 'bert.embeddings.position_ids', shape: [1, 64], type: 'I64' }];
    const facts = await factsOf('encoder', { 'model.safetensors': tinySafetensors(more) });
    expect(facts.parameters).toBe((await factsOf('encoder')).parameters);
  });

  test.each([
    ['in a file of its own', { 'chat_template.jinja': 'x', 'tokenizer_config.json': '{}' }, true],
    ['in a list', { 'tokenizer_config.json': '{"chat_template": [{"name": "default", "template": "x"}]}' }, true],
    ['that is empty', { 'tokenizer_config.json': '{"chat_template": ""}' }, false],
    ['without a configuration of the tokenizer', { 'tokenizer_config.json': null }, false],
  ])('know a chat template %s', async (_where, changes, known) => {
    expect((await factsOf('causal', changes)).has_chat_template).toBe(known);
  });

  test.each([
    [{ model_max_length: 16 }, 16],
    [{ model_max_length: 1e30 }, 64],
    [{ model_max_length: 'x' }, 64],
    [{}, 64],
  ])('with a tokenizer of %j have %i tokens of context', async (tokenizer, tokens) => {
    const facts = await factsOf('causal', { 'tokenizer_config.json': JSON.stringify(tokenizer) });
    expect(facts.context_tokens).toBe(tokens);
  });
});

describe('a model is refused', () => {
  test.each([
    [
      'of an unknown architecture',
      { 'config.json': config('causal', { architectures: ['MambaForCausalLM'] }) },
      /Mamba/,
    ],
    ['without an architecture', { 'config.json': '{}' }, /architecture/],
    ['with quantised weights', { 'config.json': config('causal', { quantization_config: {} }) }, /quantised/],
    [
      'with another number of layers',
      { 'config.json': config('causal', { num_hidden_layers: 3 }) },
      /model\.layers\.2/,
    ],
    ['with another vocabulary', { 'config.json': config('causal', { vocab_size: 33 }) }, /embed_tokens/],
    [
      'cut short',
      { 'model.safetensors': (tinyModel().get('model.safetensors') as Buffer).subarray(0, -1) },
      /safetensors/,
    ],
    [
      'with a pickle named safetensors',
      { 'model.safetensors': Buffer.from('\x80\x02}q\x00(X\x05\x00\x00\x00') },
      /safetensors/,
    ],
    [
      'with weights as integers',
      { 'model.safetensors': tinySafetensors([{ name: 'model.embed_tokens.weight', shape: [32, 8], type: 'I8' }]) },
      /I8/,
    ],
  ])('%s', async (_what, changes, message) => {
    await expect(factsOf('causal', changes)).rejects.toMatchObject({
      code: 'base_model_invalid',
      message: expect.stringMatching(message),
    });
  });

  test('or read, whatever happened to its weights', async () => {
    const good = tinyModel().get('model.safetensors') as Buffer;
    const damage = fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255), end: fc.nat(good.length) });
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, byte, end }) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        const outcome = await factsOf('causal', { 'model.safetensors': bytes.subarray(0, end || good.length) }).then(
          (facts) => facts.kind,
          (error: { code?: string }) => error.code,
        );
        expect(['causal', 'base_model_invalid']).toContain(outcome);
      }),
    );
  });
});

test.each([
  ['---\nlicense: apache-2.0\n---\n', 'apache-2.0'],
  ['---\r\nlanguage: en\r\nlicense: MIT\r\n---\r\n', 'mit'],
  ['---\nlicense:\n- cc-by-4.0\n- mit\n---\n', 'cc-by-4.0'],
  ['---\nlicense: "llama3.1"\n---\n', 'llama3.1'],
  ['---\nlicense_name: other\n---\n', null],
  ['license: mit', null],
  ['# Title\n---\nlicense: mit\n---\n', null],
  ['', null],
])('the card %j has the licence %s', (card, license) => {
  expect(licenseOfCard(card)).toBe(license);
});
