import { limits } from '@agon/contracts';
import { tinyModel } from '@agon/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ModelFiles, readJson } from './model-files.ts';
import { selectFiles } from './select-files.ts';

type Content = ReadonlyMap<string, Buffer>;

const filesOf = (content: Content, sizes: Readonly<Record<string, number>> = {}): ModelFiles => ({
  entries: [...content].map(([path, bytes]) => ({ path, bytes: sizes[path] ?? bytes.length })),
  read: async (path, start, end) => content.get(path)?.subarray(start, end) ?? Buffer.alloc(0),
});

const select = (changes: Parameters<typeof tinyModel>[1], sizes?: Record<string, number>) =>
  selectFiles(filesOf(tinyModel('causal', changes), sizes));

const index = (...shards: string[]): string =>
  JSON.stringify({ weight_map: Object.fromEntries(shards.map((shard, at) => [`tensor${at}`, shard])) });

describe('the files of a model', () => {
  test('are kept where jobs need them, and nothing else is', async () => {
    const selected = await select({
      'optimizer.pt': 'x',
      'pytorch_model.bin': 'x',
      'training_args.bin': 'x',
      'onnx/model.onnx': 'x',
      'chat_template.jinja': 'x',
      LICENSE: 'x',
      'run.py': 'x',
    });
    expect(selected.files.map((file) => file.path)).toEqual([
      'LICENSE',
      'README.md',
      'chat_template.jinja',
      'config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(selected.weights).toEqual(['model.safetensors']);
  });

  test('with shards are the shards that the index names', async () => {
    const selected = await select({
      'model.safetensors': null,
      'model.safetensors.index.json': index('b.safetensors', 'a.safetensors', 'b.safetensors'),
      'a.safetensors': 'x',
      'b.safetensors': 'x',
      'c.safetensors': 'x',
    });
    expect(selected.weights).toEqual(['a.safetensors', 'b.safetensors']);
    expect(selected.files.map((file) => file.path)).not.toContain('c.safetensors');
  });

  test('that may be empty are left out where they are', async () => {
    expect((await select({ NOTICE: '', 'added_tokens.json': '' })).files.map((file) => file.path)).not.toContain(
      'NOTICE',
    );
  });
});

describe('a model is refused', () => {
  test.each([
    ['without config.json', { 'config.json': null }, /lacks config\.json/],
    ['without tokenizer.json', { 'tokenizer.json': null }, /lacks tokenizer\.json/],
    ['without anything', { 'config.json': null, 'tokenizer.json': null, 'model.safetensors': null }, /and the weights/],
    ['without weights', { 'model.safetensors': null }, /lacks its weights/],
    ['with pickles only', { 'model.safetensors': null, 'pytorch_model.bin': 'x' }, /pickle \(pytorch_model\.bin\)/],
    ['as GGUF', { 'model.safetensors': null, 'model.gguf': 'x' }, /model\.gguf is not read/],
    ['that is an adapter', { 'model.safetensors': null, 'adapter_config.json': '{}' }, /LoRA adapter/],
    ['with an empty tokenizer', { 'tokenizer.json': '' }, /tokenizer\.json is empty/],
    ['with an empty shard', { 'model.safetensors': '' }, /model\.safetensors is empty/],
    ['with an index without a map', { 'model.safetensors': null, 'model.safetensors.index.json': '{}' }, /weight_map/],
    ['with an index that is no JSON', { 'model.safetensors': null, 'model.safetensors.index.json': '{' }, /JSON/],
    ['with an index of nothing', { 'model.safetensors': null, 'model.safetensors.index.json': index() }, /no shards/],
    [
      'with a shard that is missing',
      { 'model.safetensors': null, 'model.safetensors.index.json': index('a.safetensors') },
      /a\.safetensors is missing/,
    ],
    [
      'with a shard elsewhere',
      { 'model.safetensors': null, 'model.safetensors.index.json': index('../a.safetensors') },
      /no shard/,
    ],
  ])('%s', async (_what, changes, message) => {
    await expect(select(changes)).rejects.toMatchObject({
      code: 'base_model_invalid',
      message: expect.stringMatching(message),
    });
  });

  test('above the limit', async () => {
    const sizes = { 'model.safetensors': limits.baseModelBytesMax };
    await expect(select({}, sizes)).rejects.toMatchObject({ code: 'base_model_too_large' });
  });

  test('with a configuration that is too large to be one', async () => {
    await expect(select({}, { 'config.json': 5 * 1024 * 1024 })).rejects.toMatchObject({ code: 'base_model_invalid' });
  });
});

test('a JSON file is an object or a refusal, whatever its bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json().map(Buffer.from), fc.uint8Array().map(Buffer.from)), async (bytes) => {
      const reading = readJson(filesOf(new Map([['a.json', bytes]])), 'a.json', 1_000_000);
      const outcome = await reading.then(
        (value) => typeof value === 'object' && !Array.isArray(value),
        (error: { code?: string }) => error.code === 'base_model_invalid',
      );
      expect(outcome).toBe(true);
    }),
  );
});
