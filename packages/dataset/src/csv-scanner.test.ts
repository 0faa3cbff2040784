import { limits } from '@agon/contracts';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CsvScanner, RecordTooLong } from './csv-scanner.ts';

type Found = { rows: string[][]; lines: number[]; bad: { code: string; cell: number; line: number }[] };

function scan(text: string, options: { delimiter?: string; pieces?: number } = {}): Found {
  const found: Found = { rows: [], lines: [], bad: [] };
  const scanner = new CsvScanner(options.delimiter ?? ',', {
    onRecord: (cells, line) => {
      found.rows.push(cells);
      found.lines.push(line);
    },
    onBadRecord: ({ code, cell }, line) => void found.bad.push({ code, cell, line }),
  });
  const pieceLength = options.pieces ?? text.length + 1;
  for (let at = 0; at < text.length; at += pieceLength) scanner.push(text.slice(at, at + pieceLength));
  scanner.end();
  return found;
}

const cell = fc.oneof(
  fc.constantFrom('', ' ', '"', '""', ',', ';', '\n', '\r', '\r\n', ' "a" ', 'a"b', "it's"),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'a'), maxLength: 8 }),
);
const table = fc
  .integer({ min: 1, max: 5 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }));
const written = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe('CsvScanner', () => {
  test('any table of strings, written with quotes, parses back to the same cells, in pieces of any size', () => {
    fc.assert(
      fc.property(
        table,
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (rows, delimiter, lineEnd, pieces, ends) => {
          const text = rows.map((cells) => cells.map(written).join(delimiter)).join(lineEnd) + (ends ? lineEnd : '');
          expect(scan(text, { delimiter, pieces }).rows).toEqual(rows);
        },
      ),
    );
  });

  test('reads plain CSV as csv-parse does', () => {
    const plain = fc.string({ unit: fc.constantFrom('a', '1', '.', '-', 'é', '😀', '_'), minLength: 1, maxLength: 6 });
    const quotable = fc.oneof(plain, cell.map(written));
    fc.assert(
      fc.property(
        fc
          .integer({ min: 2, max: 4 })
          .chain((width) => fc.array(fc.array(quotable, { minLength: width, maxLength: width }), { maxLength: 6 })),
        fc.integer({ min: 1, max: 30 }),
        (rows, pieces) => {
          const text = rows.map((cells) => `${cells.join(',')}\n`).join('');
          expect(scan(text, { pieces }).rows).toEqual(parse(text, { record_delimiter: '\n' }));
        },
      ),
    );
  });

  test('gives the same in one piece and in pieces, whatever the text', () => {
    const soup = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'a', 'é'), maxLength: 60 });
    fc.assert(
      fc.property(soup, fc.integer({ min: 1, max: 7 }), (text, pieces) => {
        expect(scan(text, { pieces })).toEqual(scan(text));
      }),
    );
  });

  test('takes spaces around a quoted cell for nothing and keeps those of an unquoted one', () => {
    expect(scan('a, "b, c" ,d\n').rows).toEqual([['a', 'b, c', 'd']]);
    expect(scan(' a ,b\n').rows).toEqual([[' a ', 'b']]);
  });

  test('takes a quote inside an unquoted cell for itself', () => {
    expect(scan('6\'2",tall\n').rows).toEqual([['6\'2"', 'tall']]);
  });

  test('skips blank lines but not a quoted empty cell', () => {
    const found = scan('a\n\n  \n""\nb\n');
    expect(found.rows).toEqual([['a'], [''], ['b']]);
    expect(found.lines).toEqual([1, 4, 5]);
  });

  test('names the line on which a record begins, past line breaks in quotes', () => {
    expect(scan('a,b\n"x\ny",1\nz,2\n').lines).toEqual([1, 2, 4]);
  });

  test('reports text behind a closing quote and goes on with the next record', () => {
    const found = scan('a,b\n"x"y,1\nz,2\n');
    expect(found.bad).toEqual([{ code: 'bad_quotes', cell: 0, line: 2 }]);
    expect(found.rows).toEqual([
      ['a', 'b'],
      ['z', '2'],
    ]);
  });

  test('reports a quote that is never closed', () => {
    expect(scan('a,b\n1,"x\ny\n').bad).toEqual([{ code: 'bad_quotes', cell: 1, line: 2 }]);
  });

  test('reports a cell over the limit', () => {
    const long = 'x'.repeat(limits.datasetCellCharactersMax + 1);
    expect(scan(`a,b\n1,${long}\n2,ok\n`, { pieces: 65_536 }).bad).toEqual([
      { code: 'cell_too_long', cell: 1, line: 2 },
    ]);
    expect(scan(`a,b\n1,"${long}"\n`, { pieces: 65_536 }).bad).toEqual([{ code: 'cell_too_long', cell: 1, line: 2 }]);
  });

  test('refuses an endless record instead of holding it', () => {
    const piece = 'x,'.repeat(32_768);
    const scanner = new CsvScanner(',', { onRecord: () => {}, onBadRecord: () => {} });
    let pushed = 0;
    const pushAll = () => {
      for (; pushed < 10_000; pushed += 1) scanner.push(piece);
    };
    expect(pushAll).toThrow(RecordTooLong);
    expect(pushed * piece.length).toBeLessThan(3 * limits.datasetRowCharactersMax);
  });
});
