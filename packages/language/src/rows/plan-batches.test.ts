import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planBatches } from './plan-batches.ts';

const lengthLists = fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 200 });

test('every row is in one batch', () => {
  fc.assert(
    fc.property(lengthLists, fc.integer({ min: 1, max: 2_000 }), (lengths, tokensMax) => {
      const rows = planBatches(lengths, tokensMax).flatMap((batch) => batch.rows);
      expect([...rows].sort((a, b) => a - b)).toEqual(lengths.map((_, row) => row));
    }),
  );
});

test('a batch has no more tokens than are allowed, its padding counted, unless one row alone has more', () => {
  fc.assert(
    fc.property(lengthLists, fc.integer({ min: 1, max: 2_000 }), (lengths, tokensMax) => {
      for (const { rows, length } of planBatches(lengths, tokensMax)) {
        expect(length).toBe(Math.max(...rows.map((row) => lengths[row] as number)));
        if (rows.length > 1) expect(rows.length * length).toBeLessThanOrEqual(tokensMax);
      }
    }),
  );
});

test('the longest rows come first', () => {
  const batches = planBatches([3, 9, 1, 9, 4], 18);
  expect(batches).toEqual([
    { rows: [1, 3], length: 9 },
    { rows: [4, 0, 2], length: 4 },
  ]);
});
