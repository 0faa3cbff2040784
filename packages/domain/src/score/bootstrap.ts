import { type Direction, type Gain, type MetricName, metricTable, type Score } from '@agon/contracts';
import type { Outcome } from './outcome.ts';
import { drawCounts, randomUint32 } from './random.ts';
import { resampleScorerOf, scoreOutcome } from './scorer.ts';

export type BootstrapOptions = { readonly resamples: number; readonly seed: number };

/** 1 where more is better, -1 where less is. */
export const signOf = (metric: MetricName): 1 | -1 => (directionOf(metric) === 'maximize' ? 1 : -1);
export const directionOf = (metric: MetricName): Direction => metricTable[metric].direction;

/**
 * The metric of every outcome on the same resamples: `result[i][r]` is outcome `i` on resample `r`. The resamples
 * depend on the seed and the number of rows alone, so that two calls can be compared.
 *
 * @throws RangeError where the outcomes differ in rows.
 */
export function resampledValues(outcomes: readonly Outcome[], options: BootstrapOptions): Float64Array[] {
  const rows = outcomes[0]?.rows ?? 0;
  if (outcomes.some((outcome) => outcome.rows !== rows))
    throw new RangeError('Only outcomes on the same rows can be compared.');
  const scorers = outcomes.map(resampleScorerOf);
  const values = outcomes.map(() => new Float64Array(options.resamples));
  const counts = new Uint32Array(rows);
  const next = randomUint32(options.seed);
  for (let resample = 0; resample < options.resamples; resample += 1) {
    drawCounts(next, counts);
    for (const [index, scorer] of scorers.entries()) (values[index] as Float64Array)[resample] = scorer(counts);
  }
  return values;
}

/** Linear between the two nearest order statistics (Hyndman and Fan's type 7, as numpy's default). */
function percentile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)] ?? 0;
  const high = sorted[Math.ceil(place)] ?? low;
  return low + (high - low) * (place - Math.floor(place));
}

/** The percentile bootstrap's 95 % interval (Efron and Tibshirani 1993, chapter 13). */
export function interval95(values: Float64Array): [number, number] {
  const sorted = values.toSorted();
  return [percentile(sorted, 0.025), percentile(sorted, 0.975)];
}

/** A score with its 95 % interval over the rows. */
export function scoreWithInterval(outcome: Outcome, options: BootstrapOptions): Score {
  const [values = new Float64Array(1)] = resampledValues([outcome], options);
  return { value: scoreOutcome(outcome), ci95: interval95(values), rows: outcome.rows };
}

/** Differences per resample, oriented so that positive means that `left` is better. */
export function gains(left: Float64Array, right: Float64Array, sign: 1 | -1): Float64Array {
  return left.map((value, index) => sign * (value - (right[index] as number)) + 0);
}

/**
 * How much better `left` is than `right` on the same rows, in units of the metric; positive means better. The interval
 * is of the difference on the same resamples, so what both find hard cancels out.
 *
 * @throws RangeError where they differ in metric or rows.
 */
export function pairedGain(left: Outcome, right: Outcome, options: BootstrapOptions): Gain {
  if (left.metric !== right.metric) throw new RangeError('Only outcomes of the same metric can be compared.');
  const sign = signOf(left.metric);
  const [ofLeft = new Float64Array(1), ofRight = new Float64Array(1)] = resampledValues([left, right], options);
  return {
    value: sign * (scoreOutcome(left) - scoreOutcome(right)) + 0,
    ci95: interval95(gains(ofLeft, ofRight, sign)),
  };
}
