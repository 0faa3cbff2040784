import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyOutcome } from '../testing/outcomes.ts';
import { interval95, resampledValues } from './bootstrap.ts';
import { type Outcome, outcomeOfClasses, outcomeOfNumbers } from './outcome.ts';
import { drawCounts, randomUint32 } from './random.ts';
import { onesOf, resampleScorerOf, scoreOutcome, scorerOf } from './scorer.ts';

/** The outcome with row `i` written out `weights[i]` times. */
function repeated(outcome: Outcome, weights: Uint32Array): Outcome {
  const rows = [...weights].flatMap((weight, row) => Array.from({ length: weight }, () => row));
  const cells = rows.flatMap((row) => [...outcome.prediction.subarray(row * outcome.width, (row + 1) * outcome.width)]);
  return {
    ...outcome,
    rows: rows.length,
    truth: Float64Array.from(rows, (row) => outcome.truth[row]!),
    losses: outcome.losses && Float64Array.from(rows, (row) => outcome.losses![row]!),
    prediction: Float32Array.from(cells),
  };
}

/** The same but for rounding, in proportion to their size. */
function expectSame(left: number, right: number): void {
  expect(Math.abs(left - right)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(left)));
}

test('a weight counts like as many copies of the row', () => {
  fc.assert(
    fc.property(
      anyOutcome,
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 24, maxLength: 24 }),
      (outcome, raw) => {
        const weights = Uint32Array.from(raw.slice(0, outcome.rows));
        fc.pre(weights.some((weight) => weight > 0));
        expectSame(scoreOutcome(outcome, weights), scoreOutcome(repeated(outcome, weights)));
      },
    ),
  );
});

test('every score is a finite number', () => {
  fc.assert(
    fc.property(anyOutcome, fc.integer({ min: 0 }), (outcome, seed) => {
      const counts = new Uint32Array(outcome.rows);
      drawCounts(randomUint32(seed), counts);
      expect(scoreOutcome(outcome)).toSatisfy(Number.isFinite);
      expect(scorerOf(outcome)(counts)).toSatisfy(Number.isFinite);
    }),
  );
});

test('the order of rows does not matter', () => {
  fc.assert(
    fc.property(anyOutcome, (outcome) => {
      const order = Array.from({ length: outcome.rows }, (_, row) => outcome.rows - 1 - row);
      const turned: Outcome = {
        ...outcome,
        truth: Float64Array.from(order, (row) => outcome.truth[row]!),
        losses: outcome.losses && Float64Array.from(order, (row) => outcome.losses![row]!),
        prediction: Float32Array.from(
          order.flatMap((row) => [...outcome.prediction.subarray(row * outcome.width, (row + 1) * outcome.width)]),
        ),
      };
      expectSame(scoreOutcome(turned), scoreOutcome(outcome));
    }),
  );
});

test('weights that do not fit the rows, or are all 0, are refused', () => {
  const outcome = outcomeOfNumbers('rmse', Float64Array.of(1, 2), Float64Array.of(1, 1));
  expect(() => scoreOutcome(outcome, Uint32Array.of(1))).toThrow(RangeError);
  expect(() => scoreOutcome(outcome, Uint32Array.of(0, 0))).toThrow(RangeError);
});

test('a sure and wrong answer costs the log of the floor and no more', () => {
  const prediction = { probabilities: Float32Array.of(1, 0), labels: Int32Array.of(0) };
  expect(scoreOutcome(outcomeOfClasses('log_loss', Int32Array.of(1), prediction, 2))).toBeCloseTo(Math.log(2 ** 23), 9);
});

test('a sum of probabilities above 1 gains nothing', () => {
  const honest = { probabilities: Float32Array.of(0.75, 0.25), labels: Int32Array.of(0) };
  const greedy = { probabilities: Float32Array.of(0.9375, 0.3125), labels: Int32Array.of(0) };
  const truth = Int32Array.of(0);
  expect(scoreOutcome(outcomeOfClasses('log_loss', truth, greedy, 2))).toBeCloseTo(
    scoreOutcome(outcomeOfClasses('log_loss', truth, honest, 2)),
    6,
  );
});

test.each(['log_loss', 'roc_auc'] as const)('%s refuses probabilities that are negative or not finite', (metric) => {
  for (const bad of [Number.NaN, -0.1, Number.POSITIVE_INFINITY]) {
    const prediction = { probabilities: Float32Array.of(bad, 1), labels: Int32Array.of(0) };
    expect(() => outcomeOfClasses(metric, Int32Array.of(0), prediction, 2)).toThrow(RangeError);
  }
});

test('huge errors stay finite and rank below smaller ones', () => {
  const truth = Float64Array.of(1e300, -1e300, 3);
  for (const metric of ['rmse', 'mae', 'r2'] as const) {
    const far = scoreOutcome(outcomeOfNumbers(metric, truth, Float64Array.of(0, 0, 0)));
    expect(far).toSatisfy(Number.isFinite);
  }
  expect(() => outcomeOfNumbers('rmse', truth, Float64Array.of(0, 1e39, 0))).toThrow(RangeError);
});

/** `classes` classes, 40 rows each, with probabilities that know a little. */
function manyClasses(classes: number): Outcome {
  const next = randomUint32(7);
  const truth = Int32Array.from({ length: classes * 40 }, (_, row) => row % classes);
  const probabilities = Float32Array.from({ length: truth.length * classes }, (_, index) => {
    const right = truth[Math.floor(index / classes)] === index % classes;
    return next() / 2 ** 32 + (right ? 0.3 : 0.01);
  });
  return outcomeOfClasses('roc_auc', truth, { probabilities, labels: new Int32Array(truth.length) }, classes);
}

test('with many classes the interval of roc_auc from influences is that of exact resamples', () => {
  const outcome = manyClasses(12);
  const resamples = 400;
  const [fast] = resampledValues([outcome], { resamples, seed: 3 });
  const exact = scorerOf(outcome);
  const next = randomUint32(3);
  const counts = new Uint32Array(outcome.rows);
  const slow = Float64Array.from({ length: resamples }, () => {
    drawCounts(next, counts);
    return exact(counts);
  });
  const [fastLow, fastHigh] = interval95(fast!);
  const [slowLow, slowHigh] = interval95(slow);
  const width = slowHigh - slowLow;
  expect(Math.abs(fastLow - slowLow)).toBeLessThan(width * 0.1);
  expect(Math.abs(fastHigh - slowHigh)).toBeLessThan(width * 0.1);
  expect(resampleScorerOf(outcome)(onesOf(outcome.rows))).toBeCloseTo(exact(onesOf(outcome.rows)), 12);
});
