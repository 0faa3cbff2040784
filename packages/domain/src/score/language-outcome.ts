import type { MetricName } from '@agon/contracts';
import type { Outcome } from './outcome.ts';

/** A row that costs more than this is as bad as can be; keeps sums finite. */
const natsPerTokenMax = 1_000;
/** The strength of the reference in the DPO loss. */
export const dpoBeta = 0.1;

/**
 * The outcome of a language model on the completions of a part.
 *
 * @param input.nats sum of the negative log-likelihoods of a row's completion tokens.
 * @param input.tokens how many they are, at least 1.
 */
export function outcomeOfTokens(
  metric: MetricName,
  input: { nats: Float64Array; tokens: Int32Array | Float64Array },
): Outcome {
  const { nats, tokens } = input;
  if (metric !== 'loss' && metric !== 'perplexity') throw new RangeError(`${metric} is not a metric of tokens.`);
  checkRows(nats, tokens);
  if (tokens.some((count) => count < 1)) throw new RangeError('A row has no completion token.');
  const losses = nats.map((sum, row) => Math.min(sum, natsPerTokenMax * (tokens[row] as number)));
  const prediction = Float32Array.from(losses, (sum, row) => sum / (tokens[row] as number));
  return { metric, rows: nats.length, losses, truth: Float64Array.from(tokens), prediction, width: 1 };
}

/**
 * The outcome of a language model on pairs of answers. A row's margin is how much more the model gains over the base on
 * the chosen answer than on the rejected one: (log p(chosen) - log q(chosen)) - (log p(rejected) - log q(rejected)); its
 * DPO loss is -log sigmoid(beta margin) (Rafailov et al., 2023, equation 7). Right is a margin above 0; the base itself
 * has margin 0 everywhere, which counts as half right.
 */
export function outcomeOfPreferences(metric: MetricName, margins: Float64Array): Outcome {
  if (metric !== 'preference_accuracy' && metric !== 'dpo_loss')
    throw new RangeError(`${metric} is not a metric of preferences.`);
  checkRows(margins, margins);
  const losses = margins.map(metric === 'dpo_loss' ? dpoLoss : wrongness);
  return {
    metric,
    rows: margins.length,
    losses,
    truth: new Float64Array(margins.length),
    prediction: Float32Array.from(margins),
    width: 1,
  };
}

/**
 * What the model gained over the base on the chosen answer, less what it gained on the rejected one, in nats; per row.
 *
 * @param base two numbers per row: nats of the chosen answer and of the rejected one.
 */
export function preferenceMargins(base: Float64Array, model: Float64Array): Float64Array {
  const gain = (index: number): number => (base[index] as number) - (model[index] as number);
  return Float64Array.from({ length: base.length / 2 }, (_, row) => gain(2 * row) - gain(2 * row + 1));
}

const wrongness = (margin: number): number => (margin > 0 ? 0 : margin < 0 ? 1 : 0.5);

/** log(1 + exp(-z)) without overflow. */
function dpoLoss(margin: number): number {
  const z = dpoBeta * margin;
  return Math.max(0, -z) + Math.log1p(Math.exp(-Math.abs(z)));
}

function checkRows(values: Float64Array, others: { readonly length: number }): void {
  if (values.length === 0) throw new RangeError('There are no rows to score.');
  if (values.length !== others.length) throw new RangeError('The columns differ in their number of rows.');
  if (!values.every(Number.isFinite)) throw new RangeError('A row has no finite score.');
}
