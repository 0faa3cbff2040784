import { readFileSync } from 'node:fs';
import type { MetricName } from '@agon/contracts';
import { describe, expect, test } from 'vitest';
import { allMetrics } from './all-metrics.ts';
import { type ClassPrediction, outcomeOf } from './outcome.ts';
import { scoreOutcome } from './scorer.ts';

type Metrics = Partial<Record<MetricName, number>>;
type Shared = { name: string; truth: number[]; metrics: Metrics; weights: number[]; weighted: Metrics };
type Fixture = {
  classification: (Shared & { classes: number; labels: number[]; probabilities: number[] })[];
  regression: (Shared & { prediction: number[] })[];
};

const path = new URL('../../fixtures/sklearn-metrics.json', import.meta.url);
const fixture = JSON.parse(readFileSync(path, 'utf8')) as Fixture;

/** scikit-learn takes the logarithm in float32 here, we in float64. */
const toleranceOf = (metric: string): number => (metric === 'log_loss' ? 1e-6 : 1e-10);

function expectNear(metric: string, actual: number, wanted: number): void {
  const error = Math.abs(actual - wanted) / Math.max(1, Math.abs(wanted));
  expect(error, `${metric}: ${actual}, scikit-learn says ${wanted}`).toBeLessThan(toleranceOf(metric));
}

function expectAll(
  item: Shared,
  given: { truth: Int32Array | Float64Array; prediction: ClassPrediction | Float64Array; classes: number | null },
  task: 'tabular-classification' | 'tabular-regression',
): void {
  const all = allMetrics(task, given);
  for (const [metric, wanted] of Object.entries(item.metrics)) expectNear(metric, all[metric] as number, wanted);
  const weights = Uint32Array.from(item.weights);
  for (const [metric, wanted] of Object.entries(item.weighted)) {
    const outcome = outcomeOf({ metric: metric as MetricName, ...given });
    expectNear(metric, scoreOutcome(outcome, weights), wanted);
  }
}

describe('every metric is what scikit-learn says, for all rows and for a resample', () => {
  test.each(fixture.classification)('classification: $name', (item) => {
    const prediction = {
      probabilities: Float32Array.from(item.probabilities),
      labels: Int32Array.from(item.labels),
    };
    const given = { truth: Int32Array.from(item.truth), prediction, classes: item.classes };
    expectAll(item, given, 'tabular-classification');
  });

  test.each(fixture.regression)('regression: $name', (item) => {
    const given = {
      truth: Float64Array.from(item.truth),
      prediction: Float64Array.from(item.prediction),
      classes: null,
    };
    expectAll(item, given, 'tabular-regression');
  });
});
