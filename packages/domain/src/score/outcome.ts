import { type MetricName, metricTable } from '@agon/contracts';

/**
 * What is kept of a model's answers on a hidden part: all that a metric on any resample of the rows needs.
 *
 * `prediction` has `rows * width` numbers, row by row:
 * - log_loss, roc_auc: the probabilities of a row, `width` = classes;
 * - accuracy, f1_macro: the predicted class index, then the probabilities (for telling copies), `width` = classes + 1;
 * - rmse, mae, r2: the predicted value, `width` = 1;
 * - loss, perplexity: nats per token of the row, `width` = 1; `losses` are sums over a row's tokens, `truth` counts them;
 * - preference_accuracy, dpo_loss: the row's margin, `width` = 1; `truth` is 0.
 */
export type Outcome = {
  readonly metric: MetricName;
  readonly rows: number;
  /** Per row, lower is better: negative log, 1 - correct, squared error, absolute error. Null where none exists. */
  readonly losses: Float64Array | null;
  /** Class index, or number. */
  readonly truth: Float64Array;
  readonly prediction: Float32Array;
  readonly width: number;
};

/** `probabilities` has rows * classes numbers; `labels` has one class index per row. */
export type ClassPrediction = { readonly probabilities: Float32Array; readonly labels: Int32Array };

/**
 * Probabilities are cut off at the machine epsilon of float32, as scikit-learn's `log_loss` (1.5 and later) does for
 * float32 input, so that a sure and wrong answer costs 15.94 nats and not infinity.
 */
export const probabilityFloor = 2 ** -23;
/** A sum this near to 1 is a matter of rounding; such a row is left as it is. */
const sumTolerance = 1e-6;
/** Cuts squared and absolute errors off, so that no mean of them is infinite. */
const lossMax = 1e300;

export const isLabelMetric = (metric: MetricName): boolean => metric === 'accuracy' || metric === 'f1_macro';

function normalisedProbabilities(given: Float32Array, rows: number, classes: number): Float32Array {
  const probabilities = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row += 1) {
    let sum = 0;
    for (let index = row * classes; index < (row + 1) * classes; index += 1) {
      const value = given[index] as number;
      if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
        throw new RangeError(`Row ${row} has a probability that is negative or not finite.`);
      sum += value;
    }
    if (sum <= 0) throw new RangeError(`The probabilities of row ${row} sum to 0.`);
    if (Math.abs(sum - 1) <= sumTolerance) sum = 1;
    for (let index = row * classes; index < (row + 1) * classes; index += 1)
      probabilities[index] = (given[index] as number) / sum + 0;
  }
  return probabilities;
}

function logLosses(truth: Int32Array, probabilities: Float32Array, classes: number): Float64Array {
  return Float64Array.from(truth, (index, row) => {
    const probability = probabilities[row * classes + index] ?? 0;
    return -Math.log(Math.min(1 - probabilityFloor, Math.max(probabilityFloor, probability)));
  });
}

function withLabels(prediction: ClassPrediction, probabilities: Float32Array, classes: number): Float32Array {
  const joined = new Float32Array(prediction.labels.length * (classes + 1));
  for (const [row, label] of prediction.labels.entries()) {
    if (!(label >= 0 && label < classes)) throw new RangeError(`The label of row ${row} is not one of the classes.`);
    joined[row * (classes + 1)] = label;
    joined.set(probabilities.subarray(row * classes, (row + 1) * classes), row * (classes + 1) + 1);
  }
  return joined;
}

function checkClassShapes(truth: Int32Array, prediction: ClassPrediction, classes: number): void {
  if (prediction.labels.length !== truth.length || prediction.probabilities.length !== truth.length * classes)
    throw new RangeError('Truth, labels and probabilities differ in their number of rows.');
  if (truth.length === 0) throw new RangeError('There are no rows to score.');
  if (truth.some((index) => index < 0 || index >= classes)) throw new RangeError('The truth has an unknown class.');
}

/**
 * The outcome of a classifier. A row's probabilities are divided by their sum, so that nobody gains by a sum above 1.
 *
 * @param truth class index per row.
 * @throws RangeError for shapes that do not fit, no rows, or a probability that is negative or not finite.
 */
export function outcomeOfClasses(
  metric: MetricName,
  truth: Int32Array,
  prediction: ClassPrediction,
  classes: number,
): Outcome {
  checkClassShapes(truth, prediction, classes);
  const rows = truth.length;
  const probabilities = normalisedProbabilities(prediction.probabilities, rows, classes);
  const shared = { metric, rows, truth: Float64Array.from(truth) };
  if (isLabelMetric(metric)) {
    const losses = Float64Array.from(truth, (index, row) => (prediction.labels[row] === index ? 0 : 1));
    return {
      ...shared,
      losses: metricTable[metric].decomposes ? losses : null,
      prediction: withLabels(prediction, probabilities, classes),
      width: classes + 1,
    };
  }
  if (metric !== 'log_loss' && metric !== 'roc_auc') throw new RangeError(`${metric} is not a metric of classes.`);
  const losses = metric === 'log_loss' ? logLosses(truth, probabilities, classes) : null;
  return { ...shared, losses, prediction: probabilities, width: classes };
}

/**
 * The outcome of a regressor. Predictions are rounded to float32, the precision that models answer in.
 *
 * @throws RangeError for shapes that do not fit, no rows, or a prediction or truth that is not a finite number.
 */
export function outcomeOfNumbers(metric: MetricName, truth: Float64Array, prediction: Float64Array): Outcome {
  if (metric !== 'rmse' && metric !== 'mae' && metric !== 'r2')
    throw new RangeError(`${metric} is not a metric of numbers.`);
  if (truth.length !== prediction.length) throw new RangeError('Truth and prediction differ in their number of rows.');
  if (truth.length === 0) throw new RangeError('There are no rows to score.');
  const rounded = Float32Array.from(prediction);
  if (!rounded.every(Number.isFinite) || !truth.every(Number.isFinite))
    throw new RangeError('A prediction or a true value is not a finite number of float32.');
  const errors = Float64Array.from(truth, (value, row) => Math.abs(value - (rounded[row] as number)));
  const losses = errors.map((error) => Math.min(lossMax, metric === 'mae' ? error : error * error));
  return {
    metric,
    rows: truth.length,
    losses: metric === 'r2' ? null : losses,
    truth: Float64Array.from(truth),
    prediction: rounded,
    width: 1,
  };
}

/**
 * The outcome of whatever a model of the task answered.
 *
 * @param input.classes the number of classes; null for regression.
 * @throws RangeError where truth, prediction and metric do not belong together.
 */
export function outcomeOf(input: {
  metric: MetricName;
  truth: Int32Array | Float64Array;
  prediction: ClassPrediction | Float64Array;
  classes: number | null;
}): Outcome {
  const { metric, truth, prediction, classes } = input;
  if (truth instanceof Int32Array && !(prediction instanceof Float64Array) && classes !== null)
    return outcomeOfClasses(metric, truth, prediction, classes);
  if (truth instanceof Float64Array && prediction instanceof Float64Array)
    return outcomeOfNumbers(metric, truth, prediction);
  throw new RangeError('Truth and prediction are not of the same task.');
}
