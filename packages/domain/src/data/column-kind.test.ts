import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distinctOf, kindOf, missingOf } from './column-kind.ts';
import { ColumnTally } from './column-tally.ts';

function tallyOf(cells: readonly string[]): ColumnTally {
  const tally = new ColumnTally();
  for (const [index, cell] of cells.entries()) tally.add(cell, index + 1);
  return tally;
}

const repeat = (count: number, cell: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => cell(i));
const kind = (cells: readonly string[]): string => kindOf(tallyOf(cells));

test.each([
  ['number', ['1', '2.5', '', 'NA', '-']],
  ['number', ['1e-3', '1E5', '+4']],
  ['category', ['1', '2', 'x']],
  ['category', ['true', 'false', 'true']],
  ['category', ['2024-01-01', '2024-01-02']],
  ['category', ['0x10', '0x11']],
  ['category', ['a', '?', 'None']],
  ['empty', ['', 'NA', '?', 'null']],
  ['text', repeat(10, (index) => `a sentence that goes on and on for a while, number ${index}`)],
])('%s: %j', (wanted, cells) => {
  expect(kind(cells)).toBe(wanted);
});

test('one postal code with a leading zero among thousands of numbers makes the column a category', () => {
  expect(kind([...repeat(5_000, (index) => String(10_000 + index)), '02134'])).not.toBe('number');
});

test('99 % of numbers is a column of numbers, and its strings are missing values with their rows', () => {
  const tally = tallyOf([...repeat(99, String), 'oops']);
  expect(kindOf(tally)).toBe('number');
  expect(missingOf(tally, 'number')).toBe(1);
  expect(tally.oddCells).toEqual([{ row: 100, text: 'oops' }]);
  expect(kind([...repeat(98, String), 'a', 'b'])).toBe('category');
});

test('short strings that are nearly all different are text once there are more than 1,000', () => {
  expect(kind(repeat(1_500, (index) => `id-${index}`))).toBe('text');
  expect(kind(repeat(900, (index) => `id-${index}`))).toBe('category');
  expect(kind(repeat(6_000, (index) => `id-${index % 1_500}`))).toBe('category');
});

test('a marker is a value of its own among strings', () => {
  const tally = tallyOf(['a', 'NA', '?', '?', '', 'a']);
  expect([missingOf(tally, 'category'), distinctOf(tally, 'category')]).toEqual([1, 3]);
});

test('the order of rows does not change what a column is', () => {
  const cell = fc.constantFrom('1', '2.0', '', 'NA', 'x', '007', 'word', '3e5', 'null');
  fc.assert(
    fc.property(fc.array(cell, { minLength: 1, maxLength: 40 }), (cells) => {
      const [forth, back] = [tallyOf(cells), tallyOf(cells.toReversed())];
      expect(kindOf(back)).toBe(kindOf(forth));
      expect(missingOf(back, kindOf(back))).toBe(missingOf(forth, kindOf(forth)));
      expect(distinctOf(back, kindOf(back))).toBe(distinctOf(forth, kindOf(forth)));
    }),
  );
});
