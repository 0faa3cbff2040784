import type { CurvePoint } from '@agon/store';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addPoint } from './loss-curve.ts';

type Curve = CurvePoint[];
const grow = (count: number, pointsMax: number): Curve => {
  let curve: Curve = [];
  for (let step = 1; step <= count; step += 1) curve = addPoint(curve, { step, loss: 1 / step }, step, pointsMax);
  return curve;
};

test('a curve of any length stays bounded, in order, from its first point to its newest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 4, max: 300 }), (count, pointsMax) => {
      const curve = grow(count, pointsMax);
      const times = curve.map(([at]) => at);
      expect(curve.length).toBeLessThanOrEqual(pointsMax);
      expect([times[0], times.at(-1)]).toEqual([1, count]);
      expect(times).toEqual(times.toSorted((left, right) => left - right));
    }),
    { numRuns: 50 },
  );
});

test('a point keeps the step beside the seconds', () => {
  expect(addPoint([], { step: 40, loss: 0.5 }, 7.3, 10)).toEqual([[7.3, 0.5, 40]]);
});

test('progress without a loss adds no point', () => {
  expect(addPoint([[1, 0.5]], { step: 2 }, 2, 10)).toEqual([[1, 0.5]]);
});
