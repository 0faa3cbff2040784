import { GraphBuilder, type Value } from '../graph/graph-builder.ts';
import type { Weights } from '../safetensors/weights.ts';
import type { Sequence } from './attention.ts';
import { causalBlocks } from './causal-blocks.ts';
import { decoderBody } from './decoder-body.ts';
import type { DecoderConfig } from './decoder-config.ts';
import { cacheOutputs, logitsOutput, pastInputs, presentDims } from './next-tokens.ts';
import { rotaryTables } from './rotary.ts';

const padded = -1e9;

/**
 * The graph of a language model for strangers: as transformers.js, optimum and others feed it, padding before shorter
 * rows included. B rows of T new tokens after P earlier ones. Positions are counted from the padding on: rotary positions
 * only say how far two tokens are from each other, so the graph takes none.
 *
 * | input | type | |
 * | --- | --- | --- |
 * | `input_ids` | int64 `[B, T]` | |
 * | `attention_mask` | int64 `[B, P + T]` | 0 for padding |
 * | `past_key_values.N.key`, `.value` | float32 `[B, keyValueHeads, P, headSize]` | P is 0 at first |
 * | `num_logits_to_keep` | int64 scalar | logits of so many last tokens; 0 for all |
 *
 * | output | |
 * | --- | --- |
 * | `logits` | float32 `[B, kept, vocabulary]` |
 * | `present.N.key`, `.value` | float32 `[B, keyValueHeads, P + T, headSize]` |
 *
 * @param folder where the graph's file will lie: the folder of the weights or one above it
 * @returns the bytes of the ONNX file
 * @throws ModelFault `tensor_missing`, `tensor_shape_wrong`, `weights_type_unsupported`
 */
export function textGenerationGraph(
  config: DecoderConfig,
  weights: Pick<Weights, 'tensors'>,
  folder: string,
): Uint8Array {
  const builder = new GraphBuilder(folder);
  const context = { builder, weights, lora: false };
  const tokens = builder.input('input_ids', 'int64', ['batch_size', 'sequence_length']);
  const mask = builder.input('attention_mask', 'int64', ['batch_size', 'total_sequence_length']);
  const past = pastInputs(builder, config);
  const kept = builder.input('num_logits_to_keep', 'int64', []);
  const sequence = sequenceOf(builder, config, { tokens, mask });
  const positions = lastTokens(builder, sequence.rowsByTokens, kept);
  const { hidden, present } = decoderBody(context, config, { tokens, sequence, past, positions });
  logitsOutput(context, config, { hidden, rowsByTokens: sequence.rowsByTokens, length: 'kept_length' });
  cacheOutputs(builder, present, { name: 'present', dims: presentDims(config) });
  return builder.bytes();
}

/** Padding is hidden as keys, so that every row is as long as the longest. */
function sequenceOf(builder: GraphBuilder, config: DecoderConfig, input: { tokens: Value; mask: Value }): Sequence {
  const at = (shape: Value, index: number): Value => builder.op('Gather', [shape, builder.ints([index], [])]);
  const rowsByTokens = builder.op('Shape', [input.tokens]);
  const totalLength = at(builder.op('Shape', [input.mask]), 1);
  const last = builder.op('Cast', [builder.op('Sub', [totalLength, builder.ints([1], [])])], {
    attributes: { to: { int: 6 } },
  });
  const isPadding = builder.op('Equal', [input.mask, builder.ints([0], [])]);
  const bias = builder.op('Where', [isPadding, builder.floats([padded], []), builder.floats([0], [])]);
  const keys = builder.op('Unsqueeze', [bias, builder.ints([1, 2])]);
  const tokens = at(rowsByTokens, 1);
  const column = builder.op('Unsqueeze', [tokens, builder.ints([0])]);
  const perToken = builder.op('Concat', [builder.ints([1, 1]), column, builder.ints([1])], {
    attributes: { axis: { int: 0 } },
  });
  return {
    rotary: rotaryTables(builder, config, totalLength),
    lastPositions: builder.op('Expand', [
      last,
      builder.op('Slice', [rowsByTokens, builder.ints([0]), builder.ints([1])]),
    ]),
    totalLength,
    rowsByTokens,
    blocks: causalBlocks(builder, { total: totalLength, tokens }, config.heads / config.keyValueHeads, 1),
    padding: { keys, keysPerToken: builder.op('Expand', [keys, perToken]) },
  };
}

/** int64: the indices in `[B * T]` of the last tokens of each row, `kept` of them or all where it is 0 or more than T. */
function lastTokens(builder: GraphBuilder, rowsByTokens: Value, kept: Value): Value {
  const scalar = (value: number): Value => builder.ints([value], []);
  const rows = builder.op('Gather', [rowsByTokens, scalar(0)]);
  const tokens = builder.op('Gather', [rowsByTokens, scalar(1)]);
  const wanted = builder.op('Where', [builder.op('Greater', [kept, scalar(0)]), kept, tokens]);
  const count = builder.op('Min', [wanted, tokens]);
  const columns = builder.op('Range', [builder.op('Sub', [tokens, count]), tokens, scalar(1)]);
  const starts = builder.op('Mul', [builder.op('Range', [scalar(0), rows, scalar(1)]), tokens]);
  const grid = builder.op('Add', [builder.op('Unsqueeze', [starts, builder.ints([1])]), columns]);
  return builder.op('Reshape', [grid, builder.ints([-1])]);
}
