import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commonPrefix, planBatches, type ScoreRow, scoreBatch } from './score-batch.ts';

const rowOf = (tokens: number[], from: number): ScoreRow => ({
  tokens,
  completion: tokens.map((_, index) => index).slice(from),
});

test('a batch points at the token before each completion token', () => {
  const batch = scoreBatch([rowOf([5, 6, 7], 1), rowOf([5, 8, 9, 4], 3)]);
  expect(batch).toEqual({
    rows: 2,
    columns: 4,
    inputIds: BigInt64Array.of(5n, 6n, 7n, 0n, 5n, 8n, 9n, 4n),
    positions: BigInt64Array.of(0n, 1n, 6n),
    targets: BigInt64Array.of(6n, 7n, 4n),
  });
});

test('a batch after a prefix leaves it out', () => {
  const batch = scoreBatch([rowOf([1, 2, 6, 7], 3), rowOf([1, 2, 8], 3)], 2);
  expect(batch.inputIds).toEqual(BigInt64Array.of(6n, 7n, 8n, 0n));
  expect(batch.positions).toEqual(BigInt64Array.of(0n));
});

test('the prefix ends before rows differ and before the token that predicts the first completion', () => {
  expect(commonPrefix([])).toBe(0);
  expect(commonPrefix([rowOf([1, 2, 3, 4], 3), rowOf([1, 2, 9, 4], 3)])).toBe(2);
  expect(commonPrefix([rowOf([1, 2, 3, 4], 3), rowOf([1, 2, 3, 5], 2)])).toBe(1);
  expect(commonPrefix([rowOf([1, 2], 1), rowOf([1, 2], 1)])).toBe(0);
  expect(commonPrefix([rowOf([1, 2, 3], 9)])).toBe(2);
});

test('every row is in one batch, and no batch of several rows is larger than the limits', () => {
  const rows = fc.array(
    fc
      .tuple(fc.integer({ min: 1, max: 40 }), fc.nat(40))
      .map(([length, from]) => rowOf(Array(length).fill(1), from + 1)),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(
      rows,
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 100 }),
      (list, tokensMax, completionsMax) => {
        const batches = planBatches(list, { tokensMax, completionsMax });
        expect(batches.flat().sort((a, b) => a - b)).toEqual(list.map((_, index) => index));
        for (const batch of batches.filter((each) => each.length > 1)) {
          const of = batch.map((index) => list[index] as ScoreRow);
          expect(Math.max(...of.map((row) => row.tokens.length)) * batch.length).toBeLessThanOrEqual(tokensMax);
          expect(of.reduce((sum, row) => sum + row.completion.length, 0)).toBeLessThanOrEqual(completionsMax);
        }
      },
    ),
  );
});
