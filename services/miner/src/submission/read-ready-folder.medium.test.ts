import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readReadyFolder } from './read-ready-folder.ts';

const adapter = { 'adapter_config.json': '{}', 'adapter_model.safetensors': 'x' };
const checkpoint = { 'config.json': '{}', 'model.safetensors': 'x' };
const index = (...shards: string[]): string =>
  JSON.stringify({ weight_map: Object.fromEntries(shards.map((shard, at) => [`t${at}`, shard])) });

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-ready-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

const read = async (files: Readonly<Record<string, string>>, bytesMax = 1_000) =>
  readReadyFolder(await folderOf(files), { bytesMax });

describe('a folder is recognised', () => {
  test.each([
    ['an adapter of peft', { ...adapter, 'README.md': 'x', 'tokenizer.json': '{}' }, 'peft-lora', Object.keys(adapter)],
    [
      'a checkpoint of transformers',
      { ...checkpoint, 'tokenizer.json': '{}' },
      'hf-checkpoint',
      Object.keys(checkpoint),
    ],
    [
      'a checkpoint in shards',
      {
        'config.json': '{}',
        'model.safetensors.index.json': index('b.safetensors', 'a.safetensors'),
        'a.safetensors': 'x',
        'b.safetensors': 'x',
      },
      'hf-checkpoint',
      ['config.json', 'model.safetensors.index.json', 'a.safetensors', 'b.safetensors'],
    ],
    ['an ONNX model', { 'churn.onnx': 'x', 'notes.txt': 'x' }, 'onnx', ['churn.onnx']],
    ['an ONNX model with a configuration', { 'model.onnx': 'x', 'config.json': '{}' }, 'onnx', ['model.onnx']],
    ['an adapter in a folder with a checkpoint', { ...adapter, ...checkpoint }, 'peft-lora', Object.keys(adapter)],
    [
      'what its manifest says',
      { 'submission.json': '{"format": "onnx", "files": ["a/b.onnx"]}', 'a/b.onnx': 'x', ...adapter },
      'onnx',
      ['a/b.onnx'],
    ],
  ])('as %s', async (_what, files, format, paths) => {
    const found = await read(files);
    expect([found.format, found.files.map((file) => file.path)]).toEqual([format, paths]);
    for (const file of found.files) expect(file).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});

describe('a folder is refused', () => {
  test.each([
    ['with nothing in it', {}, /must hold adapter_config\.json/],
    ['with a pickled adapter', { 'adapter_config.json': '{}', 'adapter_model.bin': 'x' }, /pickle/],
    ['with pickled weights', { 'config.json': '{}', 'pytorch_model.bin': 'x' }, /pickle/],
    ['with an adapter without weights', { 'adapter_config.json': '{}' }, /adapter_model\.safetensors is missing/],
    [
      'with a missing shard',
      { 'config.json': '{}', 'model.safetensors.index.json': index('a.safetensors') },
      /not there/,
    ],
    ['with a shard elsewhere', { 'config.json': '{}', 'model.safetensors.index.json': index('../a') }, /Rename/],
    ['with an index of nothing', { 'config.json': '{}', 'model.safetensors.index.json': '[]' }, /not an index/],
    ['with two ONNX models', { 'a.onnx': 'x', 'b.onnx': 'x' }, /2 ONNX files/],
    ['with spaces in a name', { 'my model.onnx': 'x' }, /Rename "my model\.onnx"/],
    ['with an empty file', { ...adapter, 'adapter_model.safetensors': '' }, /empty/],
  ])('%s', async (_what, files, message) => {
    await expect(read(files)).rejects.toMatchObject({
      name: 'SubmissionError',
      message: expect.stringMatching(message),
    });
  });

  test('that is too large', async () => {
    await expect(read(adapter, 2)).rejects.toThrow(/at most 2 are taken/);
  });

  test('that is not there', async () => {
    await expect(readReadyFolder('/nowhere/at/all', { bytesMax: 1 })).rejects.toThrow(/no folder/);
  });

  test('whose file is a link to elsewhere', async () => {
    const folder = await folderOf({ 'adapter_config.json': '{}' });
    await symlink('/etc/hostname', join(folder, 'adapter_model.safetensors'));
    await expect(readReadyFolder(folder, { bytesMax: 1_000 })).rejects.toThrow(/not a plain file/);
  });
});
