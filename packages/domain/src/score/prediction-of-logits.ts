import type { ClassPrediction } from './outcome.ts';

/**
 * Softmax of each row, and the class of its largest logit.
 *
 * @param logits `rows * classes` numbers, row by row.
 */
export function predictionOfLogits(logits: Float32Array, classes: number): ClassPrediction {
  const rows = logits.length / classes;
  const probabilities = new Float32Array(logits.length);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const values = logits.subarray(row * classes, (row + 1) * classes);
    const largest = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const powers = Array.from(values, (value) => Math.exp(value - largest));
    const sum = powers.reduce((total, value) => total + value, 0);
    labels[row] = values.indexOf(largest);
    probabilities.set(
      powers.map((value) => value / sum),
      row * classes,
    );
  }
  return { probabilities, labels };
}
