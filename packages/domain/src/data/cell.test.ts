import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classOfCell, normaliseCell, numberOf, textOfValue } from './cell.ts';

test.each([
  ['missing', ['', 'nan', 'NaN', 'NULL', 'null']],
  ['marker', ['NA', 'n/a', 'N/A', 'None', 'none', '?', '-']],
  ['number', ['0', '-0', '12', '+3', '-1.5', '.5', '5.', '1e-3', '1E6', '0.10', '3.4028234e38']],
  ['code', ['007', '02134', '00', '-01', '00.5']],
  [
    'string',
    ['0x10', 'Infinity', '-inf', '1e39', '1,234', '1 000', '12%', 'true', '2024-01-02', 'e5', '.', '--', 'nano'],
  ],
])('%s cells', (cellClass, cells) => {
  expect(cells.map((cell) => [cell, classOfCell(cell)])).toEqual(cells.map((cell) => [cell, cellClass]));
});

test('a number column keeps numbers alone, in one spelling', () => {
  expect([' 1.0', '1', '+1', '1e0', '-0', 'NA', '?', 'x', '007'].map((cell) => normaliseCell(cell, 'number'))).toEqual([
    '1',
    '1',
    '1',
    '1',
    '0',
    '',
    '',
    '',
    '',
  ]);
});

test('a string column keeps what people write, and loses what programs write for nothing', () => {
  const cells = [' a b ', 'None', 'NA', '?', 'NaN', 'null', '007', '1.0'];
  expect(cells.map((cell) => normaliseCell(cell, 'category'))).toEqual([
    'a b',
    'None',
    'NA',
    '?',
    '',
    '',
    '007',
    '1.0',
  ]);
});

test('every float32 number survives as text', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(numberOf(String(value))).toBe(value + 0);
      expect(Number(normaliseCell(String(value), 'number'))).toBe(value + 0);
    }),
  );
});

test('shortcuts do not change what a cell is, nor how a number is spelt', () => {
  const plain = (cell: string): string => {
    const small = cell.toLowerCase();
    if (['', 'nan', 'null'].includes(small)) return 'missing';
    if (['na', 'n/a', 'none', '?', '-'].includes(small)) return 'marker';
    if (!/^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]+)?$/i.test(cell)) return 'string';
    if (/^[+-]?0[0-9]/.test(cell)) return 'code';
    return Number.isFinite(Math.fround(Number(cell))) ? 'number' : 'string';
  };
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 18 });
  const decimal = fc
    .tuple(fc.constantFrom('', '-', '+'), digits, fc.constantFrom('', '.'), digits)
    .map((parts) => parts.join(''));
  const short = fc.string({ unit: fc.constantFrom(...'0123456789.+-eEnNaAuUlLoO?/ '), maxLength: 6 });
  fc.assert(
    fc.property(fc.oneof(decimal, short), (text) => {
      const cell = text.trim();
      expect(classOfCell(cell)).toBe(plain(cell));
      if (plain(cell) === 'number') expect(normaliseCell(text, 'number')).toBe(String(Number(cell) + 0));
    }),
    { numRuns: 2_000 },
  );
});

test('normalising twice changes nothing', () => {
  const cell = fc.oneof(fc.string(), fc.double().map(String), fc.constantFrom(' NA ', 'null', '007', ' 1.50 '));
  fc.assert(
    fc.property(cell, fc.constantFrom('number', 'category', 'text'), (text, kind) => {
      const once = normaliseCell(text, kind);
      expect(normaliseCell(once, kind)).toBe(once);
    }),
  );
});

test('values of JSON and Parquet become text', () => {
  const values = [null, undefined, 1.5, Number.NaN, true, 12n, 'x', new Date(0), { a: [1] }, { big: 1n }];
  expect(values.map(textOfValue)).toEqual([
    '',
    '',
    '1.5',
    '',
    'true',
    '12',
    'x',
    '1970-01-01T00:00:00.000Z',
    '{"a":[1]}',
    '{"big":"1"}',
  ]);
});
