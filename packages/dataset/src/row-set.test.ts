import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RowHash } from './row-hash.ts';
import { RowSet } from './row-set.ts';

const word = fc.oneof(fc.constantFrom(0, 1, 0xffffffff), fc.integer({ min: 0, max: 0xffffffff }));

describe('RowSet', () => {
  test('tells new hashes from old ones as a set does', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word), { maxLength: 300 }), (hashes) => {
        const rows = new RowSet();
        const known = new Set<string>();
        for (const [high, low] of hashes) {
          // Nothing and one are the same to it, as nothing marks an empty place.
          const name = high === 0 && low === 0 ? '0,1' : `${high},${low}`;
          expect(rows.add(high, low)).toBe(!known.has(name));
          known.add(name);
        }
        expect(rows.size).toBe(known.size);
      }),
    );
  });

  test('grows to many thousand rows and forgets none', () => {
    const rows = new RowSet();
    const hash = new RowHash();
    const addAll = () => {
      let added = 0;
      for (let row = 0; row < 50_000; row += 1) {
        hash.row([String(row), String(row % 7)], 'x');
        if (rows.add(hash.high, hash.low)) added += 1;
      }
      return added;
    };
    expect(addAll()).toBe(50_000);
    expect(addAll()).toBe(0);
  });
});

describe('RowHash', () => {
  const hashOf = (cells: readonly string[], target: string): string => {
    const hash = new RowHash();
    hash.row(cells, target);
    return `${hash.high},${hash.low}`;
  };

  test('is the same for equal rows and differs for rows that differ in a cell, its place or the target', () => {
    const row = fc.tuple(
      fc.array(fc.string({ maxLength: 4 }), { minLength: 3, maxLength: 3 }),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(row, row, (left, right) => {
        const same = JSON.stringify(left) === JSON.stringify(right);
        expect(hashOf(...left) === hashOf(...right)).toBe(same);
      }),
    );
    const moved = [
      ['ab', '', ''],
      ['a', 'b', ''],
      ['', 'ab', ''],
      ['', 'a', 'b'],
      ['b', 'a', ''],
    ].map((cells) => hashOf(cells, 'x'));
    expect(new Set(moved).size).toBe(moved.length);
  });
});
