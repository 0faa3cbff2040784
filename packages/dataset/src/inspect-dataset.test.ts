import { AppError, limits } from '@agon/contracts';
import { describe, expect, test } from 'vitest';
import type { DatasetSource } from './dataset-source.ts';
import { inspectDataset } from './inspect-dataset.ts';
import type { DatasetWish, Inspection, InspectionRefusal } from './inspection.ts';
import { csvOf, inPieces, plainHeader, plainRows, sourceOf } from './testing/sources.ts';

const label: DatasetWish = { target: 'label', ignoreColumns: ['id'] };

async function accepted(source: DatasetSource, wish: DatasetWish = label): Promise<Inspection> {
  const inspection = await inspectDataset(source, wish);
  if (!inspection.ok) throw new Error(`refused: ${JSON.stringify(inspection)}`);
  return inspection;
}

async function refused(source: DatasetSource, wish: DatasetWish = label): Promise<InspectionRefusal> {
  const inspection = await inspectDataset(source, wish);
  if (inspection.ok) throw new Error('accepted');
  return inspection;
}

const rowsText = (rows: readonly string[]): string => `${plainHeader.join(',')}\n${rows.join('\n')}\n`;
const plainLines = (count: number): string[] => plainRows(count).map((cells) => cells.join(','));

describe('a good dataset', () => {
  test('is described: columns, classes, parts, task', async () => {
    const inspection = await accepted(sourceOf(csvOf(plainHeader, plainRows(200))));
    expect(inspection).toMatchObject({
      task: 'tabular-classification',
      metric: 'log_loss',
      table: {
        target: 'label',
        classes: ['no', 'yes'],
        columns: [
          { name: 'size', input: 'size', kind: 'number' },
          { name: 'colour', input: 'colour', kind: 'category' },
        ],
      },
    });
    expect(inspection.taskInferred).toMatch(/classification/);
    expect(inspection.report).toMatchObject({
      format: 'csv',
      rows: 200,
      rows_dropped: { duplicates: 0, without_target: 0, empty: 0 },
      parts: { train: 120, selection: 40, report: 40 },
      classes: [
        { name: 'no', rows: 100 },
        { name: 'yes', rows: 100 },
      ],
    });
    expect(inspection.report.columns.map(({ name, kind, role }) => [name, kind, role])).toEqual([
      ['id', 'number', 'ignored'],
      ['size', 'number', 'feature'],
      ['colour', 'category', 'feature'],
      ['label', 'category', 'target'],
    ]);
  });

  test.each(['ORCID', 'PARENT', 'PAR1', 'BZhou', 'RIFF', 'Obj'])('may have a first column called %s', async (name) => {
    const text = csvOf([name, ...plainHeader.slice(1)], plainRows(150));
    const { report } = await accepted(sourceOf(text), { target: 'label' });
    expect([report.format, report.columns[0]?.name]).toEqual(['csv', name]);
  });

  test.each([1, 7, 64, 100_000])('is the same in pieces of %i bytes', async (bytes) => {
    const text = csvOf(plainHeader, plainRows(150));
    expect(await accepted(inPieces(text, bytes))).toEqual(await accepted(sourceOf(text)));
  });

  test.each([
    ['semicolons', (text: string) => text.replaceAll(',', ';')],
    ['tabs', (text: string) => text.replaceAll(',', '\t')],
    ['bars', (text: string) => text.replaceAll(',', '|')],
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['CR', (text: string) => text.replaceAll('\n', '\r')],
    ['a byte order mark', (text: string) => `\uFEFF${text}`],
    ['a line that names the delimiter', (text: string) => `sep=;\n${text.replaceAll(',', ';')}`],
    ['blank lines', (text: string) => text.replaceAll('\n', '\n\n')],
    ['no line break at the end', (text: string) => text.trimEnd()],
    ['white space around cells', (text: string) => text.replaceAll(',', ' , ')],
  ])('is the same with %s', async (_name, change) => {
    const text = csvOf(plainHeader, plainRows(150));
    expect(await accepted(sourceOf(change(text)))).toEqual(await accepted(sourceOf(text)));
  });

  test('is the same in UTF-16 with a byte order mark', async () => {
    const text = csvOf(plainHeader, plainRows(150));
    expect(await accepted(sourceOf(Buffer.from(`\uFEFF${text}`, 'utf16le')))).toEqual(await accepted(sourceOf(text)));
  });

  test('is the same as JSON Lines, whatever its name', async () => {
    const rows = plainRows(150);
    const lines = rows.map(([id, size, colour, yes]) =>
      JSON.stringify({ id: Number(id), size: Number(size), colour, label: yes }),
    );
    const fromJson = await accepted(sourceOf(lines.join('\n'), 'data.csv'));
    const fromCsv = await accepted(sourceOf(csvOf(plainHeader, rows)));
    expect(fromJson).toEqual({ ...fromCsv, report: { ...fromCsv.report, format: 'jsonl' } });
  });

  test('loses exact duplicates, also where numbers are spelled in another way, and rows without a target', async () => {
    const lines = plainLines(200);
    const more = ['900, 0.0 ,red,yes', '901,0,red,yes', '902,1,red,', '903,1,red,NaN', ',,,'];
    const { report } = await accepted(sourceOf(rowsText([...lines, ...more])));
    expect(report.rows).toBe(205);
    expect(report.rows_dropped).toEqual({ duplicates: 2, without_target: 2, empty: 1 });
    expect(report.parts.train + report.parts.selection + report.parts.report).toBe(200);
  });

  test('may have columns that begin late in JSON Lines', async () => {
    const lines = plainRows(3_000).map(([id, size, , yes], index) =>
      JSON.stringify(index < 2_900 ? { id, size, label: yes } : { id, size, late: index, label: yes }),
    );
    const { report, table } = await accepted(sourceOf(lines.join('\n')));
    expect(table.columns.map(({ name }) => name)).toEqual(['size', 'late']);
    expect(report.columns.find(({ name }) => name === 'late')).toMatchObject({ missing: 2_900, distinct: 100 });
    expect(report.rows).toBe(3_000);
  });

  test('may have a target that the first objects of JSON Lines lack', async () => {
    const lines = plainRows(3_000).map(([id, size, , yes], index) =>
      JSON.stringify(index < 2_000 ? { id, size } : { id, size, label: yes }),
    );
    const { report } = await accepted(sourceOf(lines.join('\n')));
    expect(report.rows_dropped.without_target).toBe(2_000);
  });

  test('has its metric: the one asked for, or the default of the task', async () => {
    const source = sourceOf(csvOf(plainHeader, plainRows(200)));
    expect((await accepted(source, { target: 'size' })).metric).toBe('rmse');
    expect((await accepted(source, { target: 'size', metric: 'r2' })).metric).toBe('r2');
    expect((await accepted(source, { target: 'size', task: 'tabular-regression' })).taskInferred).toBeNull();
  });
});

describe('what strikes the eye about columns is noted', () => {
  const notesOf = async (column: (row: number) => string) => {
    const rows = plainRows(200).map(([, size, , yes], row) => [column(row), size ?? '', yes ?? '']);
    const { report } = await accepted(sourceOf(csvOf(['column', 'size', 'label'], rows)), { target: 'label' });
    return report.notes.map(({ code, column: name }) => `${code} ${name}`);
  };

  test.each<[string, (row: number) => string, string[]]>([
    ['row numbers', (row) => String(row + 1), ['column_counts_rows column']],
    ['ids', (row) => `user-${row * 7}`, ['column_looks_like_id column']],
    ['free text', (row) => `the ${row}th of many long remarks, none of which is like another`, ['column_text column']],
    ['decimal commas', (row) => `${row % 50},5`, ['numbers_as_text column']],
    ['percent', (row) => `${row % 50} %`, ['numbers_as_text column']],
    ['postal codes', (row) => `0${1000 + (row % 50)}`, []],
    ['one value', () => 'same', ['column_constant column']],
    ['nothing', () => '', ['column_empty column']],
    ['words', (row) => ['red', 'green'][row % 2] ?? '', []],
    ['numbers', (row) => String(row * 1.5), []],
  ])('%s', async (_name, column, expected) => {
    expect(await notesOf(column)).toEqual(expected);
  });
});

describe('a file that is no table', () => {
  test.each<[string, Uint8Array | string, RegExp]>([
    ['empty', '', /is empty/],
    ['white space', ' \n\n ', /white space/],
    ['PDF', '%PDF-1.7\n', /PDF.*CSV/],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), /gzip.*unpack/],
    ['ZIP', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0), /ZIP.*unpack/],
    ['Excel', Buffer.from('PK\x03\x04\x14\0\x06\0[Content_Types].xml', 'latin1'), /Excel.*export/],
    ['old Excel', Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1), /Excel.*export/],
    ['PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10), /PNG/],
    ['a web page', '<!DOCTYPE html><html><body>Log in</body></html>', /web page.*login/],
    ['XML', '<?xml version="1.0"?><rows/>', /XML/],
    ['a JSON array', '[{"a": 1}, {"a": 2}]', /JSON array.*JSON Lines/],
    ['a pickle', Uint8Array.of(0x80, 4, 0x95, 1, 2), /pickle/],
    ['binary', Uint8Array.of(1, 2, 0, 4, 5, 6, 0, 0, 0, 1), /binary/],
    ['UTF-16 without a mark', Buffer.from('a,b\n1,2\n3,4\n', 'utf16le'), /UTF-16 without/],
  ])('%s is refused by what it looks like', async (_name, content, message) => {
    const refusal = await refused(sourceOf(content, 'train.csv'));
    expect(refusal.error.code).toBe('dataset_unreadable');
    expect(refusal.error.message).toMatch(message);
  });
});

describe('a bad dataset is refused with a code and the rows', () => {
  test('ragged rows: the first rows and how many', async () => {
    const lines = plainLines(200);
    for (const row of [17, 21, 30, 31, 40, 50, 60]) lines[row - 1] += ',extra';
    lines[99] = 'only,three,cells';
    const refusal = await refused(sourceOf(rowsText(lines)));
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
    const text = rowsText([...plainLines(150), '151,2,caf\u00e9,yes']);
    const refusal = await refused(sourceOf(Buffer.from(text, 'latin1')));
    expect(refusal.error.code).toBe('dataset_invalid');
    expect(refusal.problems[0]).toMatchObject({ code: 'not_utf8', row: 151 });
    expect(refusal.error.message).toMatch(/^Row 151 \(line 152\) is not UTF-8; save the file as UTF-8.*Latin-1/);
  });

  test('bytes that are not UTF-8, far into the file: the row', async () => {
    const lines = plainLines(20_000);
    lines[15_000] = '15001,2,caf\u00e9,yes';
    const refusal = await refused(sourceOf(Buffer.from(rowsText(lines), 'latin1')));
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
    const refusal = await refused(sourceOf(rowsText(lines)));
    expect(refusal.problems).toMatchObject([{ code: 'bad_quotes', row: 42, column: 'colour' }]);
  });

  test('a quote that is opened and never closed', async () => {
    const lines = plainLines(150);
    lines[41] = '42,1,"red,yes';
    const refusal = await refused(sourceOf(rowsText(lines)));
    expect(refusal.problems[0]).toMatchObject({ code: 'bad_quotes', row: 42, column: 'colour' });
    expect(refusal.error.message).toMatch(/never closed/);
  });

  test('a missing target: the columns and the nearest name', async () => {
    const refusal = await refused(sourceOf(csvOf(plainHeader, plainRows(150))), { target: 'lable' });
    expect(refusal.error.code).toBe('target_missing');
    expect(refusal.error.message).toMatch(/"lable".*Did you mean "label".*"id", "size", "colour", "label"/);
  });

  test('a missing target in JSON Lines', async () => {
    const refusal = await refused(sourceOf('{"a": 1, "b": 2}\n'.repeat(200)), { target: 'c' });
    expect(refusal.error.code).toBe('target_missing');
  });

  test('a file of one column, whose delimiter is guessed', async () => {
    const refusal = await refused(sourceOf('id:size:label\n1:2:yes\n3:4:no\n'));
    expect(refusal.error.code).toBe('target_missing');
    expect(refusal.error.message).toMatch(/single column, "id:size:label".*":" divides/);
  });

  test('a file without a header', async () => {
    const refusal = await refused(sourceOf('5.1,3.5,1.4,0.2,setosa\n4.9,3.0,1.4,0.2,setosa\n'), { target: 'species' });
    expect(refusal.error.code).toBe('target_missing');
    expect(refusal.error.message).toMatch(/looks like data; put a header/);
  });

  test('a constant target, one class, an empty target', async () => {
    const constant = await refused(sourceOf(rowsText(plainLines(150).map((line) => line.replace(/(yes|no)$/, 'yes')))));
    expect(constant.error).toMatchObject({ code: 'target_unsuitable', message: expect.stringContaining('"yes"') });
    const number = plainRows(150).map(([id, , colour, yes]) => [id, '5', colour, yes].join(','));
    const wish = { target: 'size', task: 'tabular-regression' } as const;
    expect((await refused(sourceOf(rowsText(number)), wish)).error.code).toBe('target_unsuitable');
    const none = await refused(sourceOf(rowsText(plainLines(150).map((line) => line.replace(/(yes|no)$/, '')))));
    expect(none.error).toMatchObject({ code: 'target_unsuitable', message: expect.stringContaining('no value') });
  });

  test('a class with one row is dropped with a note that names the row', async () => {
    const { report, table } = await accepted(sourceOf(rowsText([...plainLines(150), '151,3,red,perhaps'])));
    expect(table.classes).toEqual(['no', 'yes']);
    expect(report.rows_dropped.without_target).toBe(1);
    expect(report.notes).toMatchObject([{ code: 'rare_classes_dropped', message: expect.stringContaining('row 151') }]);
  });

  test('many classes with one row', async () => {
    const lines = plainLines(150).map((line, index) =>
      index < 30 ? line.replace(/(yes|no)$/, `class ${index}`) : line,
    );
    const refusal = await refused(sourceOf(rowsText(lines)));
    expect(refusal.error.code).toBe('target_unsuitable');
    expect(refusal.problems[0]).toMatchObject({ row: 1, column: 'label' });
  });

  test('a column without values is left out with a note', async () => {
    const { report, table } = await accepted(
      sourceOf(rowsText(plainLines(150).map((line) => line.replace(/,(red|green|blue),/, ',,')))),
    );
    expect(table.columns.map(({ name }) => name)).toEqual(['size']);
    expect(report.notes).toMatchObject([{ code: 'column_empty', column: 'colour' }]);
  });

  test('a file whose features have no values', async () => {
    const refusal = await refused(sourceOf(`x,label\n${',yes\n,no\n'.repeat(100)}`));
    expect(refusal.error.code).toBe('dataset_invalid');
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

  test('five rows, no rows, and a hundred rows of which two are the same', async () => {
    expect((await refused(sourceOf(rowsText(plainLines(5))))).error).toMatchObject({
      code: 'dataset_too_small',
      message: expect.stringMatching(/5 .*at least 100/),
    });
    expect((await refused(sourceOf(`${plainHeader.join(',')}\n`))).error.code).toBe('dataset_too_small');
    const lines = plainLines(99);
    expect((await refused(sourceOf(rowsText([...lines, lines[0] ?? ''])))).error).toMatchObject({
      code: 'dataset_too_small',
      message: expect.stringMatching(/99 different rows/),
    });
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
        for (;;) yield piece;
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

  test('a column to ignore that is not there', async () => {
    const refusal = await refused(sourceOf(csvOf(plainHeader, plainRows(150))), {
      ...label,
      ignoreColumns: ['ID number'],
    });
    expect(refusal.error.message).toMatch(/"ID number"/);
  });

  test('a metric of another task', async () => {
    const wish = { ...label, task: 'tabular-classification', metric: 'rmse' } as const;
    expect((await refused(sourceOf(csvOf(plainHeader, plainRows(150))), wish)).error.code).toBe('metric_unsuitable');
  });
});

describe('reading', () => {
  test('ends with the reason of an aborted signal', async () => {
    const abort = new AbortController();
    const source: DatasetSource = {
      filename: 'x.csv',
      bytes: 1_000,
      async *open() {
        yield Buffer.from('x,label\n');
        for (let piece = 0; ; piece += 1) {
          if (piece === 20) abort.abort(new Error('enough'));
          yield Buffer.from('1,a\n'.repeat(20_000));
        }
      },
    };
    await expect(inspectDataset(source, { target: 'label' }, { signal: abort.signal })).rejects.toThrow('enough');
  });

  test('lets other work of the process go on', async () => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    await accepted(sourceOf(csvOf(plainHeader, plainRows(50_000))));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  });

  test('throws the faults of a source as they are', async () => {
    const source: DatasetSource = {
      filename: 'x.csv',
      bytes: 10,
      // biome-ignore lint/correctness/useYield: it fails before the first piece.
      async *open() {
        throw new AppError('disk_full', 'no room');
      },
    };
    await expect(inspectDataset(source, label)).rejects.toThrow('no room');
  });
});
