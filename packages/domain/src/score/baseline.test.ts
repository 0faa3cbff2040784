import fc from 'fast-check';
import { expect, test } from 'vitest';
import { baselinePrediction, summariseTarget } from './baseline.ts';
import { goalReached } from './goal-reached.ts';
import { outcomeOf } from './outcome.ts';
import { scoreOutcome } from './scorer.ts';

test('the baseline of classes answers their shares in training and the commonest label', () => {
  const target = summariseTarget(Int32Array.of(0, 2, 2, 1), 3);
  const { prediction } = baselinePrediction({ metric: 'log_loss', target, rows: 2 });
  expect(prediction).toEqual({
    probabilities: Float32Array.of(0.25, 0.25, 0.5, 0.25, 0.25, 0.5),
    labels: Int32Array.of(2, 2),
  });
});

test('the baseline of classes scores the entropy, the largest share and one half', () => {
  const truth = Int32Array.of(0, 0, 0, 1);
  const target = summariseTarget(truth, 2);
  const score = (metric: 'log_loss' | 'accuracy' | 'roc_auc'): number => {
    const { prediction } = baselinePrediction({ metric, target, rows: 4 });
    return scoreOutcome(outcomeOf({ metric, truth, prediction, classes: 2 }));
  };
  expect(score('log_loss')).toBeCloseTo(-(0.75 * Math.log(0.75) + 0.25 * Math.log(0.25)), 6);
  expect(score('accuracy')).toBe(0.75);
  expect(score('roc_auc')).toBe(0.5);
});

test('no other constant has a smaller error on the training rows than the baseline of numbers', () => {
  const quarters = fc.integer({ min: -100, max: 100 }).map((value) => value / 4);
  fc.assert(
    fc.property(
      fc.array(quarters, { minLength: 1 }),
      quarters,
      fc.constantFrom('rmse', 'mae'),
      (values, other, metric) => {
        const truth = Float64Array.from(values);
        const { prediction } = baselinePrediction({ metric, target: summariseTarget(truth, null), rows: truth.length });
        const score = (answer: Float64Array): number =>
          scoreOutcome(outcomeOf({ metric, truth, prediction: answer, classes: null }));
        expect(score(prediction as Float64Array)).toBeLessThanOrEqual(score(truth.map(() => other)) + 1e-4);
      },
    ),
  );
});

test('no training rows are refused', () => {
  expect(() => summariseTarget(new Float64Array(), null)).toThrow(RangeError);
});

test('a goal is reached from its own side, and by a number only', () => {
  const least = { metric: 'rmse', direction: 'minimize', goal: 2 } as const;
  const most = { metric: 'r2', direction: 'maximize', goal: 0.5 } as const;
  expect([1, 2, 3, Number.NaN].map((value) => goalReached(least, value))).toEqual([true, true, false, false]);
  expect([0.4, 0.5, 0.6].map((value) => goalReached(most, value))).toEqual([false, true, true]);
  expect(goalReached({ ...most, goal: null }, 1)).toBe(false);
});
