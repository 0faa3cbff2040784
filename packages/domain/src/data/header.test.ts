import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findColumns } from './find-columns.ts';
import { inputNames, readHeader } from './header.ts';
import { nearName } from './near-name.ts';

test('names are trimmed, and a column without one is named by its index', () => {
  expect(readHeader([' age ', '', 'x'])).toMatchObject({ ok: true, names: ['age', 'column_1', 'x'] });
});

test('two columns of one name are refused by name', () => {
  const header = readHeader(['a', 'b', 'a ']);
  expect(header).toMatchObject({
    ok: false,
    error: { code: 'dataset_invalid' },
    problems: [{ column: 'a', count: 2 }],
  });
});

test('too many columns are refused', () => {
  const header = readHeader(Array.from({ length: 2_001 }, (_, index) => `c${index}`));
  expect(header).toMatchObject({ ok: false, error: { code: 'dataset_too_large' } });
});

test('plain names stay, others are numbered', () => {
  expect(inputNames(['age', 'work class', 'label', 'prediction', 'column_1', 'ü', '_x9', '9x'])).toEqual([
    'age',
    'column_1',
    'column_2',
    'column_3',
    'column_4',
    'column_5',
    '_x9',
    'column_7',
  ]);
});

test('inputs are plain, different, and never called like an output', () => {
  const name = fc.oneof(fc.string(), fc.constantFrom('label', 'a', 'column_0', 'column_1', 'column_2', 'b c'));
  fc.assert(
    fc.property(fc.array(name, { maxLength: 12 }), (names) => {
      const inputs = inputNames(names);
      expect(new Set(inputs).size).toBe(names.length);
      for (const input of inputs)
        expect(input).toMatch(/^(?!label$|probabilities$|prediction$)[A-Za-z_][A-Za-z0-9_]*$/);
    }),
  );
});

test.each([
  ['Incme', 'income'],
  ['INCOME', 'income'],
  ['work_class', 'work class'],
  ['incmoe', 'income'],
])('%s is near to %s', (given, wanted) => {
  expect(nearName(given, ['age', 'work class', 'income'])).toBe(wanted);
});

test('nothing is near to a different word', () => {
  expect(nearName('price', ['age', 'work class', 'income'])).toBeUndefined();
});

test('a target that is not there is refused with the columns and a guess', () => {
  const found = findColumns({ names: ['age', 'income'], target: 'Incom', ignoreColumns: [] });
  expect(found).toMatchObject({ ok: false, error: { code: 'target_missing' } });
  expect(found).toHaveProperty(
    'error.message',
    'There is no column "Incom" to be the target. Did you mean "income"? The columns are "age", "income".',
  );
});

test('a column to ignore must be there and must not be the target', () => {
  const names = ['age', 'income'];
  expect(findColumns({ names, target: 'income', ignoreColumns: ['id'] })).toMatchObject({ ok: false });
  expect(findColumns({ names, target: 'income', ignoreColumns: ['income'] })).toMatchObject({ ok: false });
  expect(findColumns({ names, target: ' income', ignoreColumns: ['age'] })).toEqual({
    ok: true,
    target: 1,
    ignored: new Set([0]),
  });
});
