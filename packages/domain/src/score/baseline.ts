import type { MetricName } from '@agon/contracts';
import type { ClassPrediction } from './outcome.ts';

/** What the dumb answer needs to know of the training rows. */
export type TargetSummary =
  | { readonly kind: 'classes'; readonly counts: readonly number[] }
  | { readonly kind: 'numbers'; readonly mean: number; readonly median: number };

/** The baseline's answer for some rows, and what it does in words. */
export type Baseline = { readonly prediction: ClassPrediction | Float64Array; readonly summary: string };

function medianOf(values: Float64Array): number {
  const sorted = values.toSorted();
  const low = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  const high = sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0;
  return low + (high - low) / 2;
}

/**
 * Sums up the target of the training rows.
 *
 * @param target class indices (Int32Array) or numbers.
 * @param classes the number of classes; null for regression.
 */
export function summariseTarget(target: Int32Array | Float64Array, classes: number | null): TargetSummary {
  if (target.length === 0) throw new RangeError('There are no training rows.');
  if (target instanceof Float64Array) {
    const mean = target.reduce((sum, value) => sum + value / target.length, 0);
    return { kind: 'numbers', mean, median: medianOf(target) };
  }
  const counts = Array.from({ length: classes ?? 0 }, () => 0);
  for (const index of target) counts[index] = (counts[index] ?? 0) + 1;
  return { kind: 'classes', counts };
}

function classBaseline(counts: readonly number[], rows: number): ClassPrediction {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shares = counts.map((count) => count / total);
  const majority = counts.indexOf(Math.max(...counts));
  const probabilities = Float32Array.from(
    { length: rows * counts.length },
    (_, index) => shares[index % counts.length] ?? 0,
  );
  return { probabilities, labels: new Int32Array(rows).fill(majority) };
}

/**
 * The dumb answer that every model must beat: the shares of the classes in training with the commonest as label, or the
 * mean of the training targets (their median for mae, which it minimises).
 */
export function baselinePrediction(input: { metric: MetricName; target: TargetSummary; rows: number }): Baseline {
  const { metric, target, rows } = input;
  if (target.kind === 'classes') {
    const byLabel = metric === 'accuracy' || metric === 'f1_macro';
    return {
      prediction: classBaseline(target.counts, rows),
      summary: byLabel ? 'always the commonest class' : 'always the shares of the classes',
    };
  }
  const value = metric === 'mae' ? target.median : target.mean;
  return {
    prediction: new Float64Array(rows).fill(value),
    summary: `always the ${metric === 'mae' ? 'median' : 'mean'}`,
  };
}
