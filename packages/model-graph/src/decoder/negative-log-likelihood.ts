import type { Value } from '../graph/graph-builder.ts';
import type { GraphContext } from '../graph/linear.ts';
import { tensorOf } from '../safetensors/weights.ts';
import type { DecoderConfig } from './decoder-config.ts';
import { embeddingName, headName } from './decoder-tensors.ts';

/** Rows of the vocabulary that are projected at a time: memory is this times the positions, twice. */
const sliceRows = 8_192;

/**
 * `-log softmax(h V^T)[target]` per position, the vocabulary in slices: each slice gives the logarithm of its sum of
 * exponentials, those of all slices are added, and the target's logit is a dot product of its own.
 *
 * @param hidden `[P, hidden]`
 * @param targets int64 `[P]`
 * @returns float32 `[P]`
 */
export function negativeLogLikelihood(
  context: GraphContext,
  config: DecoderConfig,
  hidden: Value,
  targets: Value,
): Value {
  const { builder } = context;
  const name = config.tied ? embeddingName : headName;
  const table = tensorOf(context.weights, name, [config.vocabulary, config.hidden]);
  const sums: Value[] = [];
  for (let start = 0; start < config.vocabulary; start += sliceRows) {
    const rows = Math.min(sliceRows, config.vocabulary - start);
    const logits = builder.op('Gemm', [hidden, builder.weight(table, { start, rows })], {
      attributes: { transB: { int: 1 } },
    });
    sums.push(logSumOfExponentials(context, logits));
  }
  const all = builder.op('Concat', sums, { attributes: { axis: { int: 1 } } });
  const total = builder.op('ReduceLogSumExp', [all, builder.ints([1])], { attributes: { keepdims: { int: 0 } } });
  const ofTargets = builder.op('Gather', [builder.weight(table), targets]);
  const products = builder.op('Mul', [hidden, ofTargets]);
  const logit = builder.op('ReduceSum', [products, builder.ints([1])], { attributes: { keepdims: { int: 0 } } });
  return builder.op('Sub', [total, logit]);
}

/**
 * `[P, rows]` to `[P, 1]`. LogSoftmax takes the sum off every logit with vector instructions, which ReduceLogSumExp
 * does not have, so the sum is what it took off the first one.
 */
function logSumOfExponentials(context: GraphContext, logits: Value): Value {
  const { builder } = context;
  const first = (value: Value): Value =>
    builder.op('Slice', [value, builder.ints([0]), builder.ints([1]), builder.ints([1])]);
  const rest = builder.op('LogSoftmax', [logits], { attributes: { axis: { int: -1 } } });
  return builder.op('Sub', [first(logits), first(rest)]);
}
