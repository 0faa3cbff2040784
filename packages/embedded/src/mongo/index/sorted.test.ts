import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SortedList } from './sorted.ts';

it('holds what a sorted array holds, in both directions and over any range', () => {
  const step = fc.record({ add: fc.boolean(), item: fc.integer({ min: 0, max: 3000 }) });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 4000, size: 'max' }),
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 0, max: 3000 }),
      (steps, from, to) => {
        const list = new SortedList<number>((left, right) => left - right);
        const model = new Set<number>();
        for (const { add, item } of steps) {
          if (add && !model.has(item)) list.add(item);
          if (!add) list.remove(item);
          if (add) model.add(item);
          else model.delete(item);
        }
        const expected = [...model].filter((item) => item >= from && item <= to).sort((left, right) => left - right);
        const [below, above] = [(item: number) => item < from, (item: number) => item > to];
        expect([...list.between(below, above)]).toEqual(expected);
        expect([...list.betweenReversed(below, above)]).toEqual(expected.reverse());
        expect(list.size).toBe(model.size);
      },
    ),
    { numRuns: 60 },
  );
});
