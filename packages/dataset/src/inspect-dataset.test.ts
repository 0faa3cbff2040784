import { AppError } from '@agon/contracts';
import { describe, expect, test } from 'vitest';
import type { DatasetSource } from './dataset-source.ts';
import { inspectDataset } from './inspect-dataset.ts';
import {
  accepted,
  csvOf,
  inPieces,
  plainHeader,
  plainLines,
  plainRows,
  plainText,
  sourceOf,
} from './testing/sources.ts';

const label = { target: 'label', ignoreColumns: ['id'] };

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
    const { report } = await accepted(sourceOf(plainText([...lines, ...more])));
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
