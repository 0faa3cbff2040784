import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyOutcome, rivals } from '../testing/outcomes.ts';
import { pairedGain, scoreWithInterval } from './bootstrap.ts';
import { outcomeOfNumbers } from './outcome.ts';
import { randomUint32 } from './random.ts';
import { scoreOutcome } from './scorer.ts';

const options = { resamples: 40, seed: 5 };

test('the same seed gives the same interval, whose ends are in order', () => {
  fc.assert(
    fc.property(anyOutcome, fc.maxSafeNat(), (outcome, seed) => {
      const score = scoreWithInterval(outcome, { resamples: 40, seed });
      expect(score).toEqual(scoreWithInterval(outcome, { resamples: 40, seed }));
      expect(score.value).toBe(scoreOutcome(outcome));
      expect(score.ci95[0]).toBeLessThanOrEqual(score.ci95[1]);
      expect(score.rows).toBe(outcome.rows);
    }),
  );
});

test('a gain turned round is the loss, and nobody gains on itself', () => {
  fc.assert(
    fc.property(rivals(2), ([left, right]) => {
      const gain = pairedGain(left!, right ?? left!, options);
      const loss = pairedGain(right ?? left!, left!, options);
      const size = Math.max(1, ...gain.ci95.map(Math.abs));
      expect(gain.value).toBe(-loss.value + 0);
      expect((gain.ci95[0] + loss.ci95[1]) / size).toBeCloseTo(0, 12);
      expect((gain.ci95[1] + loss.ci95[0]) / size).toBeCloseTo(0, 12);
      expect(pairedGain(left!, left!, options)).toEqual({ value: 0, ci95: [0, 0] });
    }),
  );
});

test('the interval of a mean is about that of the normal distribution', () => {
  const next = randomUint32(2);
  const rows = 1_000;
  const error = Float64Array.from({ length: rows }, () => next() / 2 ** 32);
  const score = scoreWithInterval(outcomeOfNumbers('mae', error, new Float64Array(rows)), {
    resamples: 2_000,
    seed: 1,
  });
  const half = 1.96 * Math.sqrt(1 / 12 / rows);
  expect(score.ci95[0]).toBeCloseTo(score.value - half, 2);
  expect(score.ci95[1]).toBeCloseTo(score.value + half, 2);
});

test('a small but constant gain is certain, however hard the rows are', () => {
  const truth = Float64Array.from({ length: 200 }, (_, row) => row ** 2);
  const left = outcomeOfNumbers(
    'mae',
    truth,
    truth.map((value) => value + 1),
  );
  const right = outcomeOfNumbers(
    'mae',
    truth,
    truth.map((value) => value + 2),
  );
  expect(pairedGain(left, right, options)).toEqual({ value: 1, ci95: [1, 1] });
});

test('outcomes of other rows or another metric are not compared', () => {
  const one = outcomeOfNumbers('mae', Float64Array.of(1), Float64Array.of(1));
  const two = outcomeOfNumbers('mae', Float64Array.of(1, 2), Float64Array.of(1, 2));
  const other = outcomeOfNumbers('rmse', Float64Array.of(1), Float64Array.of(1));
  expect(() => pairedGain(one, two, options)).toThrow(RangeError);
  expect(() => pairedGain(one, other, options)).toThrow(RangeError);
});
