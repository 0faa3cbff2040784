import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { largestRemainder } from './largest-remainder.ts';
import { hiddenCounts, hiddenRows, partOf, planSplit } from './plan-split.ts';

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

test('hidden parts have 20 % of few rows and 10 % of many, 20 to 2,000', () => {
  expect([100, 500, 999, 1_000, 5_000, 20_000, 2_000_000].map((rows) => hiddenRows(rows))).toEqual([
    20, 100, 199, 100, 500, 2_000, 2_000,
  ]);
});

describe('largestRemainder', () => {
  const party = fc.record({ quota: fc.double({ min: 0, max: 20, noNaN: true }), cap: fc.nat(20) });

  test('hands out exactly the total, or all that the caps allow', () => {
    fc.assert(
      fc.property(fc.array(party), fc.nat(60), (parties, extra) => {
        const quotas = parties.map(({ quota }) => quota);
        const caps = parties.map(({ cap }) => cap);
        const total = Math.ceil(sum(quotas)) + extra;
        const given = largestRemainder(total, quotas, caps);
        expect(sum(given)).toBe(Math.min(total, sum(caps)));
        for (const [index, count] of given.entries()) expect(count).toBeLessThanOrEqual(caps[index]!);
      }),
    );
  });

  test('gives everyone the quota rounded down or up where the caps leave room', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(weights, fc.nat(500), (list, total) => {
        const quotas = list.map((weight) => (total * weight) / sum(list));
        const given = largestRemainder(
          total,
          quotas,
          list.map(() => total),
        );
        for (const [index, count] of given.entries()) expect(Math.abs(count - quotas[index]!)).toBeLessThan(1 + 1e-6);
      }),
    );
  });
});

/** Rows per class, at least 100 in all. */
const classSizes = fc
  .array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 400 })), { minLength: 1, maxLength: 30 })
  .map((sizes) => (sum(sizes) < 100 ? [...sizes, 100] : sizes));

test('hidden rows come from every class in proportion, and every class keeps a row for training', () => {
  fc.assert(
    fc.property(classSizes, (sizes) => {
      const { selection, report } = hiddenCounts(sizes);
      const rows = sum(sizes);
      const hidden = hiddenRows(rows);
      const room = sum(sizes.map((size) => size - 1));
      expect(sum(selection) + sum(report)).toBe(Math.min(2 * hidden, room));
      if (room >= 2 * hidden) expect([sum(selection), sum(report)]).toEqual([hidden, hidden]);
      const ample = sizes.every((size) => size >= 10 || size === 1);
      for (const [index, size] of sizes.entries()) {
        const both = selection[index]! + report[index]!;
        expect(both).toBeLessThan(size);
        if (ample && size > 1) expect(Math.abs(both - (2 * hidden * size) / rows)).toBeLessThan(3);
      }
    }),
  );
});

const strata = fc
  .uniqueArray(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 100, maxLength: 400 })
  .chain((prefixes) =>
    fc
      .array(fc.nat(4), { minLength: prefixes.length, maxLength: prefixes.length })
      .map((classes) =>
        Array.from({ length: 5 }, (_, stratum) => prefixes.filter((_, index) => classes[index] === stratum)),
      ),
  );
const planOf = (rows: readonly (readonly bigint[])[]) =>
  planSplit(rows.map((prefixes) => BigUint64Array.from(prefixes)));

test('the second reading finds exactly the planned rows in every part of every stratum', () => {
  fc.assert(
    fc.property(strata, (rows) => {
      const plan = planOf(rows);
      for (const [stratum, prefixes] of rows.entries()) {
        const parts = prefixes.map((prefix) => partOf(plan, { prefix, stratum }));
        const { selection, report } = plan.strata[stratum]!;
        expect(parts.filter((part) => part === 'selection').length).toBe(selection);
        expect(parts.filter((part) => part === 'report').length).toBe(report);
        expect(prefixes.length === 0 || parts.includes('train')).toBe(true);
      }
      expect(plan.parts.train + plan.parts.selection + plan.parts.report).toBe(rows.flat().length);
    }),
  );
});

test('the order of the rows does not matter', () => {
  fc.assert(
    fc.property(strata, (rows) => {
      expect(planOf(rows.map((prefixes) => prefixes.toReversed()))).toEqual(planOf(rows));
    }),
  );
});

test('a row that is there twice is refused', () => {
  const prefixes = Array.from({ length: 100 }, (_, index) => BigInt(index % 99));
  expect(() => planOf([prefixes])).toThrow(RangeError);
});
