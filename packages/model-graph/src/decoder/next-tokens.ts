/** What the graphs that say the next token have in common: the caches they take and leave, and the head. */
import type { GraphBuilder, Value } from '../graph/graph-builder.ts';
import { type GraphContext, weightOf } from '../graph/linear.ts';
import type { KeyValues } from './attention.ts';
import type { DecoderConfig } from './decoder-config.ts';
import { embeddingName, headName } from './decoder-tensors.ts';

/** The inputs `past_key_values.N.key` and `.value`, float32 `[B, keyValueHeads, P, headSize]` of each layer. */
export function pastInputs(builder: GraphBuilder, config: DecoderConfig): KeyValues[] {
  const dims = ['batch_size', config.keyValueHeads, 'past_sequence_length', config.headSize];
  return Array.from({ length: config.layers }, (_, layer) => ({
    key: builder.input(`past_key_values.${layer}.key`, 'float32', dims),
    value: builder.input(`past_key_values.${layer}.value`, 'float32', dims),
  }));
}

/** The outputs `NAME.N.key` and `.value` of each layer. */
export function cacheOutputs(
  builder: GraphBuilder,
  present: readonly KeyValues[],
  { name, dims }: { name: string; dims: readonly (string | number)[] },
): void {
  present.forEach(({ key, value }, layer) => {
    builder.output(`${name}.${layer}.key`, key, 'float32', dims);
    builder.output(`${name}.${layer}.value`, value, 'float32', dims);
  });
}

/** Dimensions of a cache with everything so far: `[B, keyValueHeads, P + T, headSize]`. */
export const presentDims = (config: DecoderConfig): (string | number)[] => [
  'batch_size',
  config.keyValueHeads,
  'total_sequence_length',
  config.headSize,
];

/**
 * The output `logits`, float32 `[B, kept, vocabulary]`.
 *
 * @param input.hidden `[B * kept, hidden]`
 * @param input.rowsByTokens the shape of the tokens, int64 `[2]`
 * @param input.length what the middle dimension is called
 */
export function logitsOutput(
  context: GraphContext,
  config: DecoderConfig,
  input: { hidden: Value; rowsByTokens: Value; length: string },
): void {
  const { builder } = context;
  const table = weightOf(context, config.tied ? embeddingName : headName, [config.vocabulary, config.hidden]);
  const flat = builder.op('Gemm', [input.hidden, table], { attributes: { transB: { int: 1 } } });
  const rows = builder.op('Slice', [input.rowsByTokens, builder.ints([0]), builder.ints([1])]);
  const shape = builder.op('Concat', [rows, builder.ints([-1, config.vocabulary])], {
    attributes: { axis: { int: 0 } },
  });
  const logits = builder.op('Reshape', [flat, shape]);
  builder.output('logits', logits, 'float32', ['batch_size', input.length, config.vocabulary]);
}
