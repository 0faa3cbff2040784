import { Binary, ObjectId } from 'bson';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareValues, distinctValues, equalValues, sortedHas } from './compare.ts';

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constant(null),
    fc.double(),
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => new Binary(bytes)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;

describe('compareValues', () => {
  it('is a total order', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        expect(compareValues(a, a)).toBe(0);
        expect(Math.sign(compareValues(a, b))).toBe(-Math.sign(compareValues(b, a)) + 0);
        if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0) expect(compareValues(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('orders types as MongoDB does', () => {
    const sorted = [
      undefined,
      Number.NaN,
      -1,
      0,
      2,
      '',
      'a',
      {},
      { a: 1 },
      [],
      [1],
      new Binary(new Uint8Array(1)),
      new ObjectId(),
      false,
      true,
      new Date(0),
      /a/,
    ];
    for (let index = 1; index < sorted.length; index++) {
      expect(compareValues(sorted[index - 1], sorted[index])).toBeLessThan(0);
    }
  });

  it('takes null and missing as one, and -0 and 0', () => {
    expect(equalValues(null, undefined)).toBe(true);
    expect(equalValues(-0, 0)).toBe(true);
    expect(equalValues(Number.NaN, Number.NaN)).toBe(true);
  });

  it('tells documents apart by the order of their keys', () => {
    expect(equalValues({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(false);
  });

  it('tells Binary values apart that are no UTF-8', () => {
    expect(equalValues(new Binary(Uint8Array.of(254)), new Binary(Uint8Array.of(255)))).toBe(false);
    expect(equalValues(new Binary(Uint8Array.of(1), 0), new Binary(Uint8Array.of(1), 5))).toBe(false);
  });
});

describe('distinctValues and sortedHas', () => {
  it('agree with a search one by one', () => {
    fc.assert(
      fc.property(fc.array(value), value, (values, wanted) => {
        const distinct = distinctValues(values);
        for (const one of values) expect(sortedHas(distinct, one)).toBe(true);
        expect(sortedHas(distinct, wanted)).toBe(values.some((one) => equalValues(one, wanted)));
        expect(distinct.length).toBeLessThanOrEqual(values.length);
      }),
    );
  });
});
