import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelFile } from '@agon/contracts';
import { openTensorFile, readValues } from '@agon/model-graph';
import { type ArtifactStore, type BaseModelRecord, fileArtifactStore, type SubmissionRecord } from '@agon/store';
import { aBaseModel } from '@agon/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { once } from '../../testing/race-scenario.ts';
import { createWinnerFiles, type WinnerFiles, type Wish } from './winner-files.ts';

const tiny = fileURLToPath(new URL('../../../../../models/agon-tiny', import.meta.url));
const query = 'model.layers.0.self_attn.q_proj';
const hidden = 192;

let folder: string;
let artifacts: ArtifactStore;
let base: BaseModelRecord;
let files: WinnerFiles;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-winner-'));
  artifacts = fileArtifactStore({ folder });
  const stored: ModelFile[] = [];
  for (const path of await readdir(tiny)) {
    stored.push({ path, ...(await artifacts.put(createReadStream(join(tiny, path)))) });
  }
  base = aBaseModel({ name: 'agon/agon-tiny', source: 'imported', files: stored });
  files = createWinnerFiles({ artifacts });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A LoRA of rank 1 on one module: B is 1 everywhere, A is 0 but for its first number, so a column changes by `change`. */
function adapterBytes(change: number): Uint8Array {
  const a = new Float32Array(hidden);
  a[0] = change;
  const tensors = {
    [`base_model.model.${query}.lora_A.weight`]: a,
    [`base_model.model.${query}.lora_B.weight`]: new Float32Array(hidden).fill(1),
  };
  let at = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, { byteLength }], index) => {
      const entry = {
        dtype: 'F32',
        shape: index === 0 ? [1, hidden] : [hidden, 1],
        data_offsets: [at, at + byteLength],
      };
      at += byteLength;
      return [name, entry];
    }),
  );
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...Object.values(tensors).map(({ buffer }) => new Uint8Array(buffer))]);
}

async function wishOf(
  options: { folder?: string; onnx?: boolean; merged?: boolean } = {},
): Promise<Wish & { said: string[] }> {
  const config = {
    peft_type: 'LORA',
    r: 1,
    lora_alpha: 1,
    base_model_name_or_path: '/home/ada/base',
    auto_mapping: { parent_library: 'os' },
  };
  const blobs = {
    'adapter_config.json': await artifacts.put(once(JSON.stringify(config))),
    'adapter_model.safetensors': await artifacts.put(once(adapterBytes(0.25))),
  };
  const listed = Object.entries(blobs).map(([path, blob]) => ({
    path: (options.folder ?? '') + path,
    ...blob,
    uploadId: 'upl_00000001',
  }));
  const submission: SubmissionRecord = {
    id: 'sub_00000001',
    format: 'peft-lora',
    committedAt: new Date(0),
    files: listed,
  };
  const said: string[] = [];
  const say = async (_: string, message: string): Promise<void> => void said.push(message);
  return { submission, base, onnx: options.onnx ?? true, merged: options.merged ?? true, say, said };
}

const textOf = async (written: readonly ModelFile[], path: string): Promise<string> =>
  readFile(await artifacts.localPath(written.find((file) => file.path === path)?.sha256 ?? ''), 'utf8');

test('an adapter gets a configuration that is right anywhere, its ONNX form, and merged weights on request', async () => {
  const wish = await wishOf();
  const written = await files(wish);
  const merged = [
    'config.json',
    'generation_config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ];
  expect(written.map(({ path }) => path).sort()).toEqual(
    [
      'adapter_config.json',
      'config.json',
      ...merged.map((path) => `merged/${path}`),
      'onnx/model.onnx',
      'onnx/model.onnx_data',
    ].sort(),
  );
  expect(JSON.parse(await textOf(written, 'adapter_config.json'))).toMatchObject({
    base_model_name_or_path: 'agon/agon-tiny',
    auto_mapping: null,
    task_type: 'CAUSAL_LM',
  });
  expect(JSON.parse(await textOf(written, 'config.json'))).toMatchObject({
    model_type: 'llama',
    'transformers.js_config': { dtype: 'fp32', use_external_data_format: { 'model.onnx': 1 } },
  });
  expect(wish.said).toEqual(['Writing onnx/model.onnx_data (10 MiB).', 'Writing merged/model.safetensors (5 MiB).']);
});

test('merged weights are the base’s with the change on top, in its number format', async () => {
  const written = await files(await wishOf({ onnx: false }));
  const path = await artifacts.localPath(
    written.find((file) => file.path === 'merged/model.safetensors')?.sha256 ?? '',
  );
  const [before, after] = [await openTensorFile(join(tiny, 'model.safetensors')), await openTensorFile(path)];
  expect([...after.tensors.keys()].sort()).toEqual([...before.tensors.keys()].sort());
  for (const [name, tensor] of before.tensors) {
    const merged = after.tensors.get(name) ?? tensor;
    expect(merged.type).toBe('F16');
    const [old, now] = [await readValues(tensor), await readValues(merged)];
    const changed = [...now].flatMap((value, index) => (value === old[index] ? [] : [index]));
    const expected = name === `${query}.weight` ? Array.from({ length: hidden }, (_, row) => row * hidden) : [];
    expect(changed, name).toEqual(expected);
    for (const index of changed) expect((now[index] ?? 0) - (old[index] ?? 0)).toBeCloseTo(0.25, 3);
  }
});

test('writing twice gives the same bytes', async () => {
  expect(await files(await wishOf())).toEqual(await files(await wishOf()));
});

test('a trainer that puts all into a folder is published with its weights where programs look', async () => {
  const written = await files(await wishOf({ folder: 'out/', onnx: false, merged: false }));
  expect(written.map(({ path }) => path).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
});
