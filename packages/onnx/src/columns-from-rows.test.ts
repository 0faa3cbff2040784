import { AppError, type TableSchema } from '@agon/contracts';
import { describe, expect, test } from 'vitest';
import { columnsFromRows } from './columns-from-rows.ts';

const table: TableSchema = {
  target: 't',
  classes: null,
  columns: [
    { name: 'age', input: 'age', kind: 'number' },
    { name: 'work class', input: 'column_1', kind: 'category' },
  ],
};

describe('rows of objects become columns', () => {
  test('numbers may be numbers, booleans or decimal text; what is missing is NaN', () => {
    const rows = [{ age: 1.5 }, { age: true }, { age: ' -2e3 ' }, { age: null }, {}, { age: '' }];
    expect([...(columnsFromRows(table, rows)[0] ?? [])]).toEqual([1.5, 1, -2000, Number.NaN, Number.NaN, Number.NaN]);
  });

  test('texts are kept, other values are written out, what is missing is empty', () => {
    const rows = [{ 'work class': ' a ' }, { 'work class': 7 }, { 'work class': null }, { other: 'x' }];
    expect(columnsFromRows(table, rows)[1]).toEqual([' a ', '7', '', '']);
  });

  test.each(['abc', '0x10', '1,5', 'Infinity'])('%j in a number column is refused with its row and column', (age) => {
    const refused = () => columnsFromRows(table, [{ age: 1 }, { age }]);
    expect(refused).toThrow(AppError);
    expect(refused).toThrow(/Row 2 .*"age"/);
  });
});
