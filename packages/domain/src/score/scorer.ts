import type { MetricName } from '@agon/contracts';
import { type Auc, aucInfluence, aucScorer } from './auc.ts';
import type { Outcome } from './outcome.ts';

/** The value of a metric when row `i` counts `weights[i]` times. */
export type Scorer = (weights: Uint32Array) => number;

function weightedMean(
  losses: Float64Array,
  weights: Uint32Array,
  finish: (sum: number, count: number) => number,
): number {
  let sum = 0;
  let count = 0;
  for (let row = 0; row < losses.length; row += 1) {
    const weight = weights[row] as number;
    sum += weight * (losses[row] as number);
    count += weight;
  }
  return finish(sum, count);
}

const lossesOf = (outcome: Outcome): Float64Array => {
  if (!outcome.losses) throw new RangeError(`An outcome of ${outcome.metric} needs losses per row.`);
  return outcome.losses;
};

const meanOfLosses =
  (finish: (sum: number, count: number) => number) =>
  (outcome: Outcome): Scorer => {
    const losses = lossesOf(outcome);
    return (weights) => weightedMean(losses, weights, finish);
  };

/** exp of more than this is no longer a finite float64. */
const natsMax = 700;

/** Sum of the negative log-likelihoods over the sum of the tokens, which `truth` holds. */
const perToken =
  (finish: (mean: number) => number) =>
  (outcome: Outcome): Scorer => {
    const losses = lossesOf(outcome);
    return (weights) => {
      let sum = 0;
      let tokens = 0;
      for (let row = 0; row < losses.length; row += 1) {
        const weight = weights[row] as number;
        sum += weight * (losses[row] as number);
        tokens += weight * (outcome.truth[row] as number);
      }
      return finish(sum / tokens);
    };
  };

/** F1 per class, averaged over the classes that occur among the true or predicted labels (as scikit-learn does). */
function f1Scorer(outcome: Outcome): Scorer {
  const truth = Int32Array.from(outcome.truth);
  const labels = truth.map((_, row) => outcome.prediction[row * outcome.width] as number);
  const classes = outcome.width - 1;
  const right = new Float64Array(classes);
  const seen = new Float64Array(classes);
  return (weights) => {
    right.fill(0);
    seen.fill(0);
    for (let row = 0; row < truth.length; row += 1) {
      const weight = weights[row] as number;
      const actual = truth[row] as number;
      const label = labels[row] as number;
      seen[actual] = (seen[actual] as number) + weight;
      seen[label] = (seen[label] as number) + weight;
      if (actual === label) right[actual] = (right[actual] as number) + weight;
    }
    let sum = 0;
    let count = 0;
    for (let index = 0; index < classes; index += 1) {
      const occurrences = seen[index] as number;
      if (occurrences === 0) continue;
      sum += (2 * (right[index] as number)) / occurrences;
      count += 1;
    }
    return sum / count;
  };
}

/**
 * 1 - squared error / variance. Where the truth does not vary: 1 for a perfect answer, else 0 (scikit-learn's
 * `force_finite`). Numbers are scaled by the spread of the truth, so that squares do not overflow.
 */
function r2Scorer(outcome: Outcome): Scorer {
  const { truth, prediction, rows } = outcome;
  const mean = truth.reduce((sum, value) => sum + value / rows, 0);
  const spread = truth.reduce((widest, value) => Math.max(widest, Math.abs(value - mean)), 0) || 1;
  const centred = truth.map((value) => (value - mean) / spread);
  const squared = truth.map((value, row) => ((value - (prediction[row] as number)) / spread) ** 2);
  return (weights) => {
    let count = 0;
    let sum = 0;
    let sumOfSquares = 0;
    let error = 0;
    for (let row = 0; row < rows; row += 1) {
      const weight = weights[row] as number;
      const value = centred[row] as number;
      count += weight;
      sum += weight * value;
      sumOfSquares += weight * value * value;
      error += weight * (squared[row] as number);
    }
    const variation = sumOfSquares - (sum * sum) / count;
    if (variation <= sumOfSquares * 1e-12) return error === 0 ? 1 : 0;
    return Math.max(-Number.MAX_VALUE, 1 - error / variation);
  };
}

function aucOf(outcome: Outcome, column: number): Auc {
  const { rows, width, truth, prediction } = outcome;
  const positive = new Uint8Array(rows);
  const scores = new Float32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    positive[row] = truth[row] === column ? 1 : 0;
    scores[row] = prediction[row * width + column] as number;
  }
  return { positive, scores };
}

/** One curve per class; for two classes only that of the second. */
const aucsOf = (outcome: Outcome): Auc[] =>
  Array.from({ length: outcome.width }, (_, column) => column)
    .slice(outcome.width === 2 ? 1 : 0)
    .map((column) => aucOf(outcome, column));

/**
 * Macro average over the classes that have both rows of their own and others; 0.5, which says nothing, where no class
 * has.
 */
function rocAucScorer(outcome: Outcome): Scorer {
  const scorers = aucsOf(outcome).map(aucScorer);
  return (weights) => {
    let sum = 0;
    let count = 0;
    for (const scorer of scorers) {
      const area = scorer(weights);
      if (Number.isNaN(area)) continue;
      sum += area;
      count += 1;
    }
    return count === 0 ? 0.5 : sum / count;
  };
}

const scorers: Readonly<Record<MetricName, (outcome: Outcome) => Scorer>> = {
  log_loss: meanOfLosses((sum, count) => sum / count),
  accuracy: meanOfLosses((sum, count) => (count - sum) / count),
  f1_macro: f1Scorer,
  roc_auc: rocAucScorer,
  rmse: meanOfLosses((sum, count) => Math.sqrt(sum / count)),
  mae: meanOfLosses((sum, count) => sum / count),
  r2: r2Scorer,
  loss: perToken((mean) => mean),
  perplexity: perToken((mean) => Math.exp(Math.min(mean, natsMax))),
  preference_accuracy: meanOfLosses((sum, count) => (count - sum) / count),
  dpo_loss: meanOfLosses((sum, count) => sum / count),
};

/** Prepares an outcome (sorts, centres) so that its metric on many resamples costs one pass over the rows each. */
export const scorerOf = (outcome: Outcome): Scorer => scorers[outcome.metric](outcome);

const exactCurvesMax = 10;

/**
 * As `scorerOf`, for the bootstrap: with more than 10 classes the area under the curves is taken to first order in the
 * weights (the sum of DeLong's components), since one pass per class, resample and rival would take minutes.
 */
export function resampleScorerOf(outcome: Outcome): Scorer {
  if (outcome.metric !== 'roc_auc' || outcome.width <= exactCurvesMax) return scorerOf(outcome);
  const curves = aucsOf(outcome).flatMap((auc) => aucInfluence(auc) ?? []);
  const value = curves.reduce((sum, curve) => sum + curve.area / curves.length, 0);
  const influence = new Float64Array(outcome.rows);
  for (const curve of curves)
    for (const [row, part] of curve.influence.entries())
      influence[row] = (influence[row] as number) + part / curves.length;
  if (curves.length === 0) return () => 0.5;
  return (weights) => {
    let sum = value;
    for (let row = 0; row < influence.length; row += 1) sum += (weights[row] as number) * (influence[row] as number);
    return Math.min(1, Math.max(0, sum));
  };
}

/** Counts every row once. */
export const onesOf = (rows: number): Uint32Array => new Uint32Array(rows).fill(1);

/**
 * The value of the outcome's metric.
 *
 * @param weights how often each row counts; once where it is left out.
 * @throws RangeError where the weights do not fit the rows or are all 0.
 */
export function scoreOutcome(outcome: Outcome, weights: Uint32Array = onesOf(outcome.rows)): number {
  if (weights.length !== outcome.rows || weights.every((weight) => weight === 0))
    throw new RangeError('The weights do not fit the rows of the outcome.');
  return scorerOf(outcome)(weights);
}
