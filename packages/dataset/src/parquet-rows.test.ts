import { readFileSync } from 'node:fs';
import { AppError, type DatasetProblem } from '@agon/contracts';
import { describe, expect, test } from 'vitest';
import { ParquetRows } from './parquet-rows.ts';
import { ProblemList } from './problem-list.ts';
import { type PageLies, parquetBytes } from './testing/parquet-bytes.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}.parquet`, import.meta.url));

type Read = {
  rows: (readonly string[] | null)[];
  notes: unknown[];
  problems: DatasetProblem[];
  refusal: string | null;
};

/** Reads a file; an error that is no refusal is thrown. */
async function read(bytes: Uint8Array, nested?: 'json'): Promise<Read> {
  const whole = new Uint8Array(bytes);
  const problems = new ProblemList();
  const reader = new ParquetRows(problems, nested);
  const rows: Read['rows'] = [];
  let refusal: string | null = null;
  try {
    const slice = (start: number, end?: number) => whole.buffer.slice(start, end);
    for await (const batch of reader.batches({ byteLength: whole.byteLength, slice })) {
      expect(batch.firstRow).toBe(rows.length + 1);
      rows.push(...batch.rows);
    }
  } catch (error) {
    if (!(error instanceof AppError) || !error.code.startsWith('dataset_')) throw error;
    refusal = error.message;
  }
  return { rows, notes: reader.notes, problems: problems.list(), refusal };
}

const expectedRows = Array.from({ length: 120 }, (_, row) => [
  String(row),
  row % 10 === 3 ? '' : String(row / 2),
  String(row - 60),
  String(row / 4),
  ['red', 'blü "x", y', 'green'][row % 3],
  row % 7 === 0 ? '' : String(row % 2 === 0),
  new Date(Date.UTC(2020, 0, 1 + row)).toISOString().slice(0, 10),
  new Date(Date.UTC(2020, 0, 1, 12 + row)).toISOString(),
  String(row / 4),
  row % 2 === 0 ? 'yes' : 'no',
]);

describe('a Parquet file', () => {
  test.each(['snappy', 'gzip-pages-v2', 'brotli-groups', 'delta'])('written as %s has its cells', async (name) => {
    expect(await read(fixture(name))).toEqual({ rows: expectedRows, notes: [], problems: [], refusal: null });
  });

  test.each([
    ['zstd', /compressed with ZSTD; write it with snappy/],
    ['delta-byte-array', /"colour" is encoded as DELTA_BYTE_ARRAY; write it with the default/],
  ])('written as %s is refused by what it is written with', async (name, message) => {
    expect((await read(fixture(name))).refusal).toMatch(message);
  });

  test('with nested columns has a problem for each of them', async () => {
    expect((await read(fixture('nested'))).problems).toMatchObject([
      { code: 'column_type', column: 'list' },
      { code: 'column_type', column: 'record' },
    ]);
  });

  test('has nested columns as JSON where they are asked for', async () => {
    const { rows, problems, refusal } = await read(fixture('conversations'), 'json');
    expect([problems, refusal, rows.length]).toEqual([[], null, 120]);
    const talk = [
      { content: 'What is 63?', role: 'user' },
      { content: 'A number, 63.', role: 'assistant' },
    ];
    expect(rows[63]).toEqual(['63', JSON.stringify(talk), 'b']);
    expect([rows[7]?.[1], rows[9]?.[1]]).toEqual(['[]', '']);
  });

  test('with nested columns and a byte changed is read or refused', async () => {
    const whole = fixture('conversations');
    for (let at = 4; at < whole.byteLength - 8; at += 23) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      const { rows, refusal } = await read(changed, 'json');
      expect(refusal !== null || rows.length <= 120).toBe(true);
    }
  });

  test('with infinite numbers has them missing, with a note', async () => {
    const { rows, notes } = await read(fixture('infinite'));
    expect(rows.slice(0, 3).map((row) => row?.[0])).toEqual(['', '', '1.5']);
    expect(notes).toMatchObject([{ code: 'infinite_numbers', column: 'x' }]);
  });

  test('that is cut off anywhere is refused', async () => {
    const whole = fixture('gzip-pages-v2');
    for (let cut = 1; cut < whole.byteLength; cut += 17) {
      expect((await read(whole.subarray(0, cut))).refusal).not.toBeNull();
    }
  });

  test.each(['snappy', 'gzip-pages-v2', 'delta'])('as %s with a byte changed is read or refused', async (name) => {
    const whole = fixture(name);
    for (let at = 4; at < whole.byteLength - 8; at += 13) {
      const changed = Buffer.from(whole);
      changed[at] = at % 2 === 0 ? 0xff : (changed[at] ?? 0) ^ (1 << (at % 8));
      const { rows, refusal } = await read(changed);
      expect(refusal !== null || rows.length <= 120).toBe(true);
    }
  });
});

describe('a Parquet file that lies', () => {
  test('is read as far as it tells the truth', async () => {
    expect((await read(parquetBytes())).rows).toEqual(Array.from({ length: 100 }, () => ['']));
  });

  test.each<[string, PageLies, RegExp]>([
    ['a run of 2,000 million levels', { levels: [0xfe, 0xff, 0xff, 0xff, 0x0f, 1] }, /a run is longer than its page/],
    ['levels that end early', { levels: [0x10, 0] }, /column "x"/],
    ['more values than rows', { values: 2_000_000_000 }, /more values than rows/],
    ['fewer values than none', { values: -5 }, /more values than rows/],
    ['a page of 2 GB', { codec: 'SNAPPY', uncompressedBytes: 2_000_000_000 }, /too large/],
    ['a page of another size', { codec: 'GZIP', uncompressedBytes: 12 }, /column "x"/],
    ['rows that are not there', { rows: 1_000, values: 100, levels: [0xc8, 1, 0] }, /ends before its rows/],
    ['two thousand million rows', { rows: 2_000_000_000 }, /more than 2,000,000 rows/],
  ])('about %s is refused before it takes memory', async (_name, lies, message) => {
    expect((await read(parquetBytes(lies))).refusal).toMatch(message);
  });

  test('about the length of its footer is refused', async () => {
    const bytes = Buffer.from(parquetBytes());
    bytes.writeUInt32LE(1_000_000_000, bytes.byteLength - 8);
    expect((await read(bytes)).refusal).toMatch(/footer/);
  });
});
