import { type MetricName, metricTable } from '@agon/contracts';
import fc from 'fast-check';
import { outcomeOfPreferences, outcomeOfTokens } from '../score/language-outcome.ts';
import { type Outcome, outcomeOf } from '../score/outcome.ts';

export const metricNames = Object.keys(metricTable) as MetricName[];
const numberMetrics: readonly MetricName[] = ['rmse', 'mae', 'r2'];
const tokenMetrics: readonly MetricName[] = ['loss', 'perplexity'];
const preferenceMetrics: readonly MetricName[] = ['preference_accuracy', 'dpo_loss'];

const share = fc.integer({ min: 0, max: 20 }).map((count) => count / 20);
const value = fc.integer({ min: -400, max: 400 }).map((count) => count / 8);

/** True classes, true numbers, or numbers of tokens less one, that several models answer for. */
type Truth = { metric: MetricName; rows: number; classes: number; truth: number[] };

export const truthOf = (metric: MetricName): fc.Arbitrary<Truth> =>
  fc
    .record({ rows: fc.integer({ min: 1, max: 24 }), classes: fc.integer({ min: 2, max: 4 }) })
    .chain(({ rows, classes }) => {
      const item = numberMetrics.includes(metric) ? value : fc.integer({ min: 0, max: classes - 1 });
      const truth = fc.array(item, { minLength: rows, maxLength: rows });
      return truth.map((numbers) => ({ metric, rows, classes, truth: numbers }));
    });

/** A model's outcome on given truth. Coarse values, so that ties are common. */
export function outcomeFor({ metric, rows, classes, truth }: Truth): fc.Arbitrary<Outcome> {
  if (numberMetrics.includes(metric)) {
    return fc.array(value, { minLength: rows, maxLength: rows }).map((prediction) =>
      outcomeOf({
        metric,
        truth: Float64Array.from(truth),
        prediction: Float64Array.from(prediction),
        classes: null,
      }),
    );
  }
  if (tokenMetrics.includes(metric)) {
    const tokens = Float64Array.from(truth, (count) => count + 1);
    const perToken = fc.integer({ min: 0, max: 40 }).map((count) => count / 8);
    return fc
      .array(perToken, { minLength: rows, maxLength: rows })
      .map((nats) => outcomeOfTokens(metric, { nats: tokens.map((count, row) => count * (nats[row] ?? 0)), tokens }));
  }
  if (preferenceMetrics.includes(metric)) {
    return fc
      .array(value, { minLength: rows, maxLength: rows })
      .map((margins) => outcomeOfPreferences(metric, Float64Array.from(margins)));
  }
  return fc
    .record({
      shares: fc.array(share, { minLength: rows * classes, maxLength: rows * classes }),
      labels: fc.array(fc.integer({ min: 0, max: classes - 1 }), { minLength: rows, maxLength: rows }),
    })
    .map(({ shares, labels }) =>
      outcomeOf({
        metric,
        truth: Int32Array.from(truth),
        prediction: {
          probabilities: Float32Array.from(shares, (part) => part + 0.05),
          labels: Int32Array.from(labels),
        },
        classes,
      }),
    );
}

/** An outcome of any metric. */
export const anyOutcome: fc.Arbitrary<Outcome> = fc
  .constantFrom(...metricNames)
  .chain(truthOf)
  .chain(outcomeFor);

/** Outcomes of several models on the same rows by the same metric. */
export const rivals = (countMax: number): fc.Arbitrary<Outcome[]> =>
  fc
    .constantFrom(...metricNames)
    .chain(truthOf)
    .chain((truth) => fc.array(outcomeFor(truth), { minLength: 1, maxLength: countMax }));
