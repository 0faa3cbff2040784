import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sourceOfBytes, sourceOfFile } from './dataset-source.ts';
import { inspectDataset } from './inspect-dataset.ts';
import { ParquetProcess } from './parquet-process.ts';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}.parquet`, import.meta.url));
let folder = '';
/** A script that stands in for the reader and does something bad. */
const script = (name: string, code: string): string => {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, `process.send({ kind: 'ready' });\nprocess.on('message', () => { ${code} });\n`);
  return path;
};

const oldTmpdir = process.env.TMPDIR;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agon-parquet-test-'));
  process.env.TMPDIR = folder;
});
afterAll(async () => {
  if (oldTmpdir === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = oldTmpdir;
  await rm(folder, { recursive: true, force: true });
});

describe('a Parquet dataset', () => {
  test('is known by its content and read in a process of its own', async () => {
    const source = await sourceOfFile(fixture('snappy'), 'data.csv');
    const inspection = await inspectDataset(source, { target: 'label', ignoreColumns: ['id'] });
    expect(inspection).toMatchObject({
      ok: true,
      report: { format: 'parquet', rows: 120, parts: { train: 72, selection: 24, report: 24 } },
    });
  });

  test('in memory is the same, and leaves no file behind', async () => {
    const onDisk = await sourceOfFile(fixture('snappy'));
    const bytes = await readAll(onDisk.open());
    const inMemory = await inspectDataset(sourceOfBytes({ filename: 'x', bytes }), { target: 'label' });
    expect(inMemory).toEqual(await inspectDataset(onDisk, { target: 'label' }));
    expect(await readdir(folder)).toEqual([]);
  });

  test('that cannot be read is refused with the reason', async () => {
    expect(await inspectDataset(await sourceOfFile(fixture('zstd')), { target: 'label' })).toMatchObject({
      ok: false,
      error: { code: 'dataset_unreadable', message: expect.stringContaining('ZSTD') },
    });
    expect(await inspectDataset(await sourceOfFile(fixture('nested')), { target: 'label' })).toMatchObject({
      ok: false,
      error: { code: 'dataset_invalid' },
      problems: [{ column: 'list' }, { column: 'record' }],
    });
  });

  test('of conversations in lists is read, and its bad rows are named', async () => {
    expect(await inspectDataset(await sourceOfFile(fixture('conversations')), {})).toMatchObject({
      ok: false,
      error: { code: 'dataset_invalid' },
      problems: [
        { code: 'no_assistant_turn', row: 8, column: 'messages' },
        { code: 'not_a_conversation', row: 10, column: 'messages' },
      ],
    });
  });

  test('that is cut off is refused', async () => {
    const source = sourceOfBytes({ filename: 'data.csv', bytes: Buffer.from('PAR1\0\0 and then nothing of the kind') });
    expect(await inspectDataset(source, { target: 'label' })).toMatchObject({
      error: { code: 'dataset_unreadable', message: expect.stringContaining('cut off') },
    });
  });

  test('without the target is refused at once', async () => {
    expect(await inspectDataset(await sourceOfFile(fixture('snappy')), { target: 'lable' })).toMatchObject({
      error: { code: 'target_missing', message: expect.stringContaining('"label"') },
    });
  });
});

describe('the process that reads Parquet', () => {
  const tooHard = { code: 'dataset_unreadable', message: expect.stringContaining('too much memory or time') };

  test('that ends by itself is a refusal of the file', async () => {
    const reader = new ParquetProcess('x', { script: script('abort', 'process.abort()') });
    await expect(reader.next()).rejects.toMatchObject(tooHard);
    await expect(reader.next()).rejects.toMatchObject(tooHard);
    await reader.close();
  });

  test('that takes too much memory is killed', async () => {
    const code = 'globalThis.kept = Array.from({ length: 400 }, () => Buffer.alloc(2 ** 20, 1));';
    const reader = new ParquetProcess('x', { script: script('memory', code), memoryMib: 200 });
    await expect(reader.next()).rejects.toMatchObject(tooHard);
    await reader.close();
  });

  test('that fills its heap is a refusal of the file', async () => {
    const code = 'const kept = []; while (kept) kept.push(new Array(1000).fill(kept.length));';
    const reader = new ParquetProcess('x', { script: script('heap', code), memoryMib: 100 });
    await expect(reader.next()).rejects.toMatchObject(tooHard);
    await reader.close();
  });

  test('that never answers is killed', async () => {
    const reader = new ParquetProcess('x', { script: script('hang', 'while (process) {}'), batchMs: 300 });
    await expect(reader.next()).rejects.toMatchObject(tooHard);
    await reader.close();
  });

  test('that cannot be started is a fault of the service', async () => {
    const reader = new ParquetProcess('x', { script: join(folder, 'none.mjs') });
    await expect(reader.next()).rejects.toThrow(/could not be started/);
    await reader.close();
  });
});

async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}
