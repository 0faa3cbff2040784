import { expect, test } from 'vitest';
import { KeyValueCache } from './key-value-cache.ts';

const shape = { tensors: 1, heads: 2, headSize: 1 };

/** Writes `value + position` into a row. */
function fill(cache: KeyValueCache, slot: number, input: { value: number; length: number }): void {
  const tokens = Array.from({ length: input.length }, (_, at) => [input.value + at, -input.value - at]);
  cache.write({ tensor: 0, slot, at: 0 }, Float32Array.from(tokens.flat()));
}

const valuesOf = (cache: KeyValueCache, slot: number, length: number): number[] => {
  const { buffers, dims } = cache.rows(slot, 1);
  const capacity = dims[2] ?? 0;
  return [0, 1].flatMap((head) => [...buffers[0]!.subarray(head * capacity, head * capacity + length)]);
};

test('rows keep what they hold when there is more room', () => {
  const cache = new KeyValueCache(shape);
  cache.reserve({ rows: 1, tokens: 10, lengths: [] });
  fill(cache, 0, { value: 5, length: 3 });
  cache.reserve({ rows: 3, tokens: 1_000, lengths: [3] });
  expect(cache.capacity).toBe(1_024);
  expect(valuesOf(cache, 0, 3)).toEqual([5, 6, 7, -5, -6, -7]);
});

test('a row that moves has the same content in its new place', () => {
  const cache = new KeyValueCache(shape);
  cache.reserve({ rows: 3, tokens: 256, lengths: [] });
  fill(cache, 2, { value: 9, length: 2 });
  cache.move(2, 0, 2);
  expect(valuesOf(cache, 0, 2)).toEqual([9, 10, -9, -10]);
});

test('tokens are added behind those that a row has', () => {
  const cache = new KeyValueCache(shape);
  cache.reserve({ rows: 2, tokens: 256, lengths: [] });
  fill(cache, 1, { value: 3, length: 2 });
  cache.write({ tensor: 0, slot: 1, at: 2 }, Float32Array.from([5, -5]));
  expect(valuesOf(cache, 1, 3)).toEqual([3, 4, 5, -3, -4, -5]);
  expect(valuesOf(cache, 0, 3)).toEqual([0, 0, 0, 0, 0, 0]);
});

test('a batch is one piece of each buffer', () => {
  const cache = new KeyValueCache(shape);
  cache.reserve({ rows: 4, tokens: 256, lengths: [] });
  expect(cache.rows(1, 2).dims).toEqual([2, 2, 256, 1]);
  expect(cache.rows(1, 2).buffers[0]).toHaveLength(2 * 2 * 256);
});
