import { limits } from '@agon/contracts';
import { describe, expect, test } from 'vitest';
import type { DatasetSource } from './dataset-source.ts';
import { plainLines, plainRows, plainText, refused, sourceOf } from './testing/sources.ts';

describe('rows that cannot be read are refused with a code and their numbers', () => {
  test('ragged rows: the first rows and how many', async () => {
    const lines = plainLines(200);
    for (const row of [17, 21, 30, 31, 40, 50, 60]) lines[row - 1] += ',extra';
    lines[99] = 'only,three,cells';
    const refusal = await refused(sourceOf(plainText(lines)));
    expect(refusal.error.code).toBe('dataset_invalid');
    expect(refusal.problems).toEqual([
      {
        code: 'ragged_row',
        row: 17,
        column: null,
        count: 8,
        message: 'Row 17 (line 18) has 5 cells, the header has 4. The same in rows 21, 30, 31, 40 and 3 more.',
      },
    ]);
    expect(refusal.error.message).toMatch(/Row 17.*In all 8 problems/);
  });

  test('bytes that are not UTF-8: the row', async () => {
    const text = plainText([...plainLines(150), '151,2,caf\u00e9,yes']);
    const refusal = await refused(sourceOf(Buffer.from(text, 'latin1')));
    expect(refusal.error.code).toBe('dataset_invalid');
    expect(refusal.problems[0]).toMatchObject({ code: 'not_utf8', row: 151 });
    expect(refusal.error.message).toMatch(/^Row 151 \(line 152\) is not UTF-8; save the file as UTF-8.*Latin-1/);
  });

  test('bytes that are not UTF-8, far into the file: the row', async () => {
    const lines = plainLines(20_000);
    lines[15_000] = '15001,2,caf\u00e9,yes';
    const refusal = await refused(sourceOf(Buffer.from(plainText(lines), 'latin1')));
    expect(refusal.problems[0]).toMatchObject({ code: 'not_utf8', row: 15_001 });
  });

  test('a header that is not UTF-8', async () => {
    const refusal = await refused(sourceOf(Buffer.from('größe,label\n1,a\n', 'latin1')));
    expect(refusal.problems[0]).toMatchObject({ code: 'not_utf8', row: null });
    expect(refusal.error.message).toMatch(/^The header/);
  });

  test('text in a numeric target, in row 90,001', async () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `${index % 977},${((index * 7919) % 10_007) / 10}`);
    lines[90_000] = '5,n/k';
    const refusal = await refused(sourceOf(`x,price\n${lines.join('\n')}\n`), { target: 'price' });
    expect(refusal.error.code).toBe('dataset_invalid');
    expect(refusal.error.message).toContain('90001');
    expect(refusal.problems).toEqual([
      { code: 'target_not_numeric', row: 90_001, column: 'price', count: 1, message: '"n/k" is not a decimal number.' },
    ]);
  });

  test('doubled header names', async () => {
    const refusal = await refused(sourceOf('a,b, a ,label\n1,2,3,x\n'));
    expect(refusal.error.code).toBe('dataset_invalid');
    expect(refusal.problems).toMatchObject([{ code: 'duplicate_column', column: 'a', row: null, count: 2 }]);
  });

  test('bad quotes: the row and the column', async () => {
    const lines = plainLines(150);
    lines[41] = '42,1,"red" or so,yes';
    const refusal = await refused(sourceOf(plainText(lines)));
    expect(refusal.problems).toMatchObject([{ code: 'bad_quotes', row: 42, column: 'colour' }]);
  });

  test('a quote that is opened and never closed', async () => {
    const lines = plainLines(150);
    lines[41] = '42,1,"red,yes';
    const refusal = await refused(sourceOf(plainText(lines)));
    expect(refusal.problems[0]).toMatchObject({ code: 'bad_quotes', row: 42, column: 'colour' });
    expect(refusal.error.message).toMatch(/never closed/);
  });

  test('20,000 columns: the number', async () => {
    const header = Array.from({ length: 20_000 }, (_, index) => `c${index}`).join(',');
    const refusal = await refused(sourceOf(`${header}\n`));
    expect(refusal.error.code).toBe('dataset_too_large');
    expect(refusal.error.message).toMatch(/20,?000 columns.*2,?000/);
  });

  test('20,000 columns in JSON Lines', async () => {
    const row = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`c${index}`, 1]));
    const refusal = await refused(sourceOf(`${JSON.stringify(row)}\n`));
    expect(refusal.error.code).toBe('dataset_too_large');
  });

  test('a file that says it is larger than the limit', async () => {
    const source = { ...sourceOf('a,b\n'), bytes: limits.datasetBytesMax + 1 };
    expect((await refused(source)).error.code).toBe('dataset_too_large');
  });

  test('more rows than the limit', async () => {
    const piece = Buffer.from('1,a\n2,b\n'.repeat(8_000));
    const source: DatasetSource = {
      filename: 'x.csv',
      bytes: 1_000,
      async *open() {
        yield Buffer.from('x,label\n');
        for (let count = 0; count < 1_000; count += 1) yield piece;
      },
    };
    const refusal = await refused(source, { target: 'label' });
    expect(refusal.error).toMatchObject({
      code: 'dataset_too_large',
      message: expect.stringContaining('2,000,000 rows'),
    });
  });

  test('one endless line, which is not held', async () => {
    let pieces = 0;
    const source: DatasetSource = {
      filename: 'x.csv',
      bytes: 2_000_000_000,
      async *open() {
        for (pieces = 0; pieces < 32_000; pieces += 1) yield Buffer.alloc(65_536, 'x,y');
      },
    };
    const refusal = await refused(source);
    expect(refusal.error.code).not.toBe('internal');
    expect(refusal.problems[0]).toMatchObject({ code: 'row_too_long', row: null });
    expect(pieces * 65_536).toBeLessThan(3 * limits.datasetRowCharactersMax);
  });

  test('one endless line of JSON', async () => {
    let pieces = 0;
    const source: DatasetSource = {
      filename: 'x.jsonl',
      bytes: 2_000_000_000,
      async *open() {
        yield Buffer.from('{"a": "');
        for (pieces = 0; pieces < 32_000; pieces += 1) yield Buffer.alloc(65_536, 'x');
      },
    };
    const refusal = await refused(source);
    expect(refusal.problems[0]).toMatchObject({ code: 'row_too_long', row: 1 });
    expect(pieces * 65_536).toBeLessThan(2 * limits.datasetRowCharactersMax);
  });

  test('nested, broken and strange JSON: the rows and the columns', async () => {
    const lines = plainRows(150).map(([id, size, , yes]) => JSON.stringify({ id, size, label: yes }));
    lines[9] = '{"id": "10", "size": {"w": 1}, "label": "yes"}';
    lines[19] = '{"id": "20", "size": [1, 2], "label": "yes"}';
    lines[29] = '{"id": "30", "size": 1, "label": ';
    lines[39] = '["id", "40"]';
    lines[49] = '{"id": "50", "size": NaN, "label": "yes"}';
    const refusal = await refused(sourceOf(lines.join('\n')));
    expect(refusal.problems).toMatchObject([
      { code: 'nested_value', row: 10, column: 'size', count: 2, message: expect.stringContaining('row 20') },
      { code: 'bad_json', row: 30, count: 2 },
      { code: 'not_an_object', row: 40, count: 1 },
    ]);
  });

  test('at most fifty problems are told apart', async () => {
    const columns = Array.from({ length: 80 }, (_, index) => `c${index}`);
    const nested = JSON.stringify(Object.fromEntries(columns.map((name) => [name, []])));
    const refusal = await refused(sourceOf(`${nested}\n${nested}\n`));
    expect(refusal.problems).toHaveLength(limits.datasetProblemsMax);
    expect(refusal.error.message).toMatch(/160 problems/);
  });

  test('a paragraph as the name of a column', async () => {
    const long = 'word '.repeat(200);
    for (const text of [`a,${long},label\n1,2,x\n`, `{"a": 1, "${long}": 2, "label": "x"}\n`]) {
      const { error, problems } = await refused(sourceOf(text));
      expect(error.code).toBe('dataset_invalid');
      expect(problems).toMatchObject([{ code: 'column_name_too_long', column: null }]);
      expect(JSON.stringify(problems).length).toBeLessThan(400);
    }
  });
});
