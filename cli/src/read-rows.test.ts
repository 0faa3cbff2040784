import { expect, test } from 'vitest';
import { readRows } from './read-rows.ts';

test('CSV with quotes, a mark and empty cells becomes rows with missing values', () => {
  expect(readRows('\ufeffname,age\n"Ann, the first",31\nBo,\n')).toEqual([
    { name: 'Ann, the first', age: '31' },
    { name: 'Bo', age: null },
  ]);
});

test('JSON Lines keep their types', () => {
  expect(readRows('{"age": 31, "city": null}\n\n{"age": 1.5}\n')).toEqual([{ age: 31, city: null }, { age: 1.5 }]);
});
