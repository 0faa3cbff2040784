import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { ModelFault } from '../model-fault.ts';
import { encodeSafetensors, framed } from '../testing/safetensors.ts';
import { readValues } from './read-values.ts';
import { openTensorFile, type StoredTensor } from './tensor-file.ts';
import { openWeights } from './weights.ts';

const folder = mkdtempSync(join(tmpdir(), 'agon-tensors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Written by the Python library 0.8.0: F16, F32 and BF16, an empty tensor, a scalar, a name beyond ASCII. */
const real = Buffer.from(
  'UAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJzdGVwIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOltdLCJkYXRhX29mZnNldHMiOlswLDhdfSwiYmlhcyI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzgsMjBdfSwiZW1wdHkiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzAsM10sImRhdGFfb2Zmc2V0cyI6WzIwLDIwXX0sInNjYWxlLm9mOsOkIjp7ImR0eXBlIjoiQkYxNiIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzIwLDI0XX0sIndlaWdodCI6eyJkdHlwZSI6IkYxNiIsInNoYXBlIjpbMiwyXSwiZGF0YV9vZmZzZXRzIjpbMjQsMzJdfX0gICApAAAAAAAAAM3MzD0AAODA5rFhf4A/AL8APoDAAQD/ew==',
  'base64',
);

let files = 0;
function written(bytes: Uint8Array): string {
  files += 1;
  const path = join(folder, `${files}.safetensors`);
  writeFileSync(path, bytes);
  return path;
}

const stored = (tensors: ReadonlyMap<string, StoredTensor>, name: string): StoredTensor =>
  tensors.get(name) as StoredTensor;

test('a file of the Python library is read', async () => {
  const { tensors, metadata } = await openTensorFile(written(real));
  expect(Object.fromEntries(metadata)).toEqual({ format: 'pt' });
  expect([...(await readValues(stored(tensors, 'weight')))]).toEqual([1.5, -2.25, 2 ** -24, 65504]);
  expect([...(await readValues(stored(tensors, 'bias')))]).toEqual([0.1, -7, 3e38].map(Math.fround));
  expect([...(await readValues(stored(tensors, 'scale.of:ä')))]).toEqual([1, -0.5]);
  expect([...(await readValues(stored(tensors, 'empty')))]).toEqual([]);
  await expect(readValues(stored(tensors, 'step'))).rejects.toMatchObject({ code: 'weights_type_unsupported' });
});

test('a tensor of more than one piece is read whole', async () => {
  const values = Float32Array.from({ length: 600_000 }, (_, index) => index);
  const { tensors } = await openTensorFile(written(encodeSafetensors({ a: { shape: [600, 1000], values } })));
  expect(await readValues(stored(tensors, 'a'))).toEqual(values);
});

const zip = Uint8Array.from([0x50, 0x4b, 0x03, 0x04, 0, 0, 8, 8, 0, 0, 0, 0]);
const pickle = Uint8Array.from([0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20]);

test.each([
  ['nothing', new Uint8Array(0), /0 bytes/],
  ['seven bytes', new Uint8Array(7), /7 bytes/],
  ['no header', new Uint8Array(8), /header has 0 bytes/],
  ['a zip', zip, /zip file/],
  ['a pickle', pickle, /pickle/],
  ['GGUF', new TextEncoder().encode('GGUF\u0003\u0000\u0000\u0000more'), /GGUF/],
  ['a header beyond the file', framed('{}', new Uint8Array(0), 1_000n), /header has 1000 bytes/],
  ['a header beyond all bounds', framed('{}', new Uint8Array(0), 2n ** 64n - 1n), /header has 18446744073709551615/],
])('a file with %s is refused', async (_, bytes, reason) => {
  const opening = openTensorFile(written(bytes));
  await expect(opening).rejects.toMatchObject({ code: 'weights_malformed' });
  await expect(openTensorFile(written(bytes))).rejects.toThrow(reason);
});

test('a header longer than the limit is refused before it is read', async () => {
  const long = framed(`{}${' '.repeat(5_000)}`, new Uint8Array(0));
  await expect(openTensorFile(written(long), { headerBytesMax: 4_000 })).rejects.toThrow(/4000 are allowed/);
  expect((await openTensorFile(written(long))).tensors.size).toBe(0);
});

test('a folder or a file that is not there is refused', async () => {
  await expect(openTensorFile(folder)).rejects.toMatchObject({ code: 'weights_missing' });
  await expect(openTensorFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'weights_missing' });
});

const mutation = fc.record({ at: fc.nat(), bytes: fc.uint8Array({ maxLength: 9 }), cut: fc.nat(20) });

test('a real file with bytes changed is refused, or all its tensors lie in it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
      let bytes: Buffer = real;
      for (const { at, bytes: added, cut } of mutations) {
        const index = at % (bytes.length + 1);
        bytes = Buffer.concat([bytes.subarray(0, index), added, bytes.subarray(index + cut)]);
      }
      const path = join(folder, 'mutated.safetensors');
      writeFileSync(path, bytes);
      try {
        const { tensors } = await openTensorFile(path);
        for (const tensor of tensors.values()) {
          expect(tensor.offset + tensor.bytes).toBeLessThanOrEqual(bytes.length);
          if (/F32|F16/.test(tensor.type)) expect((await readValues(tensor)).length).toBeLessThanOrEqual(tensor.bytes);
        }
      } catch (error) {
        if (!(error instanceof ModelFault)) throw error;
      }
    }),
    { numRuns: 400 },
  );
});

const shard = (name: string) => encodeSafetensors({ [name]: { shape: [1], values: [1] } });

async function sharded(name: string, index: unknown, shards: Record<string, Uint8Array>): Promise<string> {
  const place = join(folder, name);
  await mkdir(place);
  for (const [file, bytes] of Object.entries(shards)) writeFileSync(join(place, file), bytes);
  writeFileSync(join(place, 'model.safetensors.index.json'), typeof index === 'string' ? index : JSON.stringify(index));
  return place;
}

test('shards are read as the index says', async () => {
  const index = { weight_map: { a: '1.safetensors', b: '2.safetensors' } };
  const place = await sharded('shards', index, { '1.safetensors': shard('a'), '2.safetensors': shard('b') });
  const weights = await openWeights(place);
  expect([...weights.tensors.keys()].sort()).toEqual(['a', 'b']);
  expect(weights.files).toHaveLength(2);
});

test.each([
  ['leaves the folder', { weight_map: { a: '../1.safetensors' } }, {}, 'weights_malformed'],
  ['is absolute', { weight_map: { a: '/1.safetensors' } }, {}, 'weights_malformed'],
  ['names no safetensors', { weight_map: { a: 'model.bin' } }, {}, 'weights_malformed'],
  ['names a shard that is not there', { weight_map: { a: '1.safetensors' } }, {}, 'weights_missing'],
  [
    'names an empty shard',
    { weight_map: { a: '1.safetensors' } },
    { '1.safetensors': new Uint8Array(0) },
    'weights_malformed',
  ],
  ['misses a tensor', { weight_map: { b: '1.safetensors' } }, { '1.safetensors': shard('a') }, 'weights_malformed'],
  [
    'has a tensor in two shards',
    { weight_map: { a: '1.safetensors', b: '2.safetensors' } },
    { '1.safetensors': shard('a'), '2.safetensors': shard('a') },
    'weights_malformed',
  ],
  ['is no JSON', '{', {}, 'weights_malformed'],
  ['has no map', { weights: {} }, {}, 'weights_malformed'],
])('an index that %s is refused', async (name, index, shards, code) => {
  const place = await sharded(name.replaceAll(' ', '-'), index, shards as Record<string, Uint8Array>);
  await expect(openWeights(place)).rejects.toMatchObject({ code });
});

test('a folder without weights is refused, also where a link leads nowhere', async () => {
  const place = join(folder, 'no-weights');
  await mkdir(place);
  await expect(openWeights(place)).rejects.toMatchObject({ code: 'weights_missing' });
  await symlink(join(folder, 'nowhere'), join(place, 'model.safetensors'));
  await expect(openWeights(place)).rejects.toMatchObject({ code: 'weights_missing' });
});
