import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DistinctCounter, hashOfNumber, hashOfString } from './distinct-counter.ts';

const countOf = (hashes: Iterable<number>): DistinctCounter => {
  const counter = new DistinctCounter();
  for (const hash of hashes) counter.add(hash);
  return counter;
};

test('few values are counted exactly, however often and in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.nat(50).map(String)), { maxLength: 300 }), (values) => {
      const counter = countOf([...values, ...values.toReversed()].map(hashOfString));
      expect(counter.count).toBe(new Set(values).size);
      expect(counter.capped).toBe(false);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true })), (values) => {
      expect(countOf(values.map(hashOfNumber)).count).toBe(new Set(values).size);
    }),
  );
});

test.each([1_023, 1_024, 5_000, 100_000])('%i values are counted exactly or within a tenth', (count) => {
  const hashes = Array.from({ length: count }, (_, index) => hashOfNumber((index * 7919) % count));
  const words = Array.from({ length: count }, (_, index) => hashOfString(`value ${index}`));
  for (const counter of [countOf(hashes), countOf(words)]) {
    expect(counter.capped).toBe(count > 1_023);
    expect(Math.abs(counter.count - count)).toBeLessThanOrEqual(counter.capped ? count / 10 : 0);
  }
});
