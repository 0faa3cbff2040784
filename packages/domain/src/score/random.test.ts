import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawCounts, randomUint32, xoshiro128 } from './random.ts';

test('the generator gives the sequence of the authors’ C code', () => {
  const next = xoshiro128([1, 2, 3, 4]);
  expect(Array.from({ length: 10 }, next)).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ]);
});

test('the same seed gives the same sequence, and every bit of a seed counts', () => {
  const head = (seed: number): string => Array.from({ length: 4 }, randomUint32(seed)).join(' ');
  fc.assert(
    fc.property(fc.maxSafeNat(), (seed) => {
      expect(head(seed)).toBe(head(seed));
    }),
  );
  expect(new Set([0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 40, 2 ** 53 - 1].map(head)).size).toBe(7);
});

test('a resample draws as many rows as there are', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.maxSafeNat(), (rows, seed) => {
      const counts = new Uint32Array(rows).fill(9);
      drawCounts(randomUint32(seed), counts);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rows);
    }),
  );
});

test('every row is drawn equally often in the long run', () => {
  const next = randomUint32(11);
  const counts = new Uint32Array(7);
  const totals = Array.from({ length: 7 }, () => 0);
  for (let round = 0; round < 20_000; round += 1) {
    drawCounts(next, counts);
    for (const [row, count] of counts.entries()) totals[row]! += count;
  }
  // 20,000 expected with a standard deviation of 131.
  for (const total of totals) expect(Math.abs(total - 20_000)).toBeLessThan(600);
});
