import { GraphBuilder, type Value } from '../graph/graph-builder.ts';
import { fusedHeadMultiple, type Sequence } from './attention.ts';
import { causalBlocks } from './causal-blocks.ts';
import { decoderBody } from './decoder-body.ts';
import type { DecoderConfig } from './decoder-config.ts';
import type { DecoderGraph } from './decoder-graph.ts';
import { cacheOutputs, logitsOutput, pastInputs, presentDims } from './next-tokens.ts';
import { rotaryTables } from './rotary.ts';

type GenerateGraph = DecoderGraph & {
  readonly logits?: 'last' | 'all';
  /** What is present after a run: everything, by default, or only what the new tokens add to the past. */
  readonly present?: 'all' | 'new';
};

/**
 * The graph that generates text token by token, named as transformers.js expects. B rows of T new tokens after P earlier
 * ones, without padding before them. Rows may have fewer earlier tokens: those that the mask leaves out come last.
 *
 * | input | type | |
 * | --- | --- | --- |
 * | `input_ids` | int64 `[B, T]` | |
 * | `attention_mask` | int64 `[B, P + T]` | as many ones as the row has tokens, the new ones included, then zeros |
 * | `position_ids` | int64 `[B, T]` | looked at with `present: 'new'` only: the positions follow from the lengths |
 * | `past_key_values.N.key`, `.value` | float32 `[B, keyValueHeads, P, headSize]` | P is 0 at first |
 * | `….lora_A`, `….lora_B` | float32 | see `loraInputs` |
 *
 * | output | |
 * | --- | --- |
 * | `logits` | float32 `[B, 1, vocabulary]` of the last token, or with `logits: 'all'` `[B, T, vocabulary]` |
 * | `present.N.key`, `.value` | float32 `[B, keyValueHeads, P + T, headSize]` |
 * | `new.N.key`, `.value` | float32 `[B, T, keyValueHeads * headSize]`, with `present: 'new'` in place of `present` |
 *
 * With `present: 'new'` the past may be a buffer with room behind its tokens, which the caller fills: a runtime that copies
 * outputs then copies little.
 *
 * @returns the bytes of the ONNX file
 * @throws ModelFault `tensor_missing`, `tensor_shape_wrong`, `weights_type_unsupported`; RangeError for `present: 'new'` of
 * a model whose heads the fused operator does not take
 */
export function generateGraph(graph: GenerateGraph): Uint8Array {
  const { config } = graph;
  const onlyNew = graph.present === 'new';
  if (onlyNew && config.headSize % fusedHeadMultiple !== 0) {
    throw new RangeError(
      `Heads of ${config.headSize} numbers cannot be served; a multiple of ${fusedHeadMultiple} can.`,
    );
  }
  const builder = new GraphBuilder(graph.folder);
  const context = { builder, weights: graph.weights, lora: graph.lora };
  const tokens = builder.input('input_ids', 'int64', ['batch_size', 'sequence_length']);
  const mask = builder.input('attention_mask', 'int64', ['batch_size', 'total_sequence_length']);
  const positionIds = builder.input('position_ids', 'int64', ['batch_size', 'sequence_length']);
  const past = pastInputs(builder, config);
  const sequence = { ...sequenceOf(builder, config, { tokens, mask }), positions: onlyNew ? positionIds : undefined };
  const positions = graph.logits === 'all' ? undefined : lastTokens(builder, sequence.rowsByTokens);
  const { hidden, present } = decoderBody(context, config, { tokens, sequence, past, positions });
  logitsOutput(context, config, { hidden, rowsByTokens: sequence.rowsByTokens, length: 'T' });
  const added = ['batch_size', 'sequence_length', config.keyValueHeads * config.headSize];
  cacheOutputs(
    builder,
    present,
    onlyNew ? { name: 'new', dims: added } : { name: 'present', dims: presentDims(config) },
  );
  return builder.bytes();
}

function sequenceOf(builder: GraphBuilder, config: DecoderConfig, input: { tokens: Value; mask: Value }): Sequence {
  const seen = builder.op('ReduceSum', [input.mask, builder.ints([1])], { attributes: { keepdims: { int: 0 } } });
  const last = builder.op('Sub', [seen, builder.ints([1], [])]);
  const totalLength = builder.op('Gather', [builder.op('Shape', [input.mask]), builder.ints([1], [])]);
  const rowsByTokens = builder.op('Shape', [input.tokens]);
  const sizes = { total: totalLength, tokens: builder.op('Gather', [rowsByTokens, builder.ints([1], [])]) };
  return {
    rotary: rotaryTables(builder, config, totalLength),
    lastPositions: builder.op('Cast', [last], { attributes: { to: { int: 6 } } }),
    totalLength,
    rowsByTokens,
    blocks: causalBlocks(builder, sizes, config.heads / config.keyValueHeads, 1),
  };
}

/** int64 `[B]`: the index of each row's last token in `[B * T]`. */
function lastTokens(builder: GraphBuilder, rowsByTokens: Value): Value {
  const rows = builder.op('Gather', [rowsByTokens, builder.ints([0], [])]);
  const tokens = builder.op('Gather', [rowsByTokens, builder.ints([1], [])]);
  const ends = builder.op('Range', [
    builder.ints([1], []),
    builder.op('Add', [rows, builder.ints([1], [])]),
    builder.ints([1], []),
  ]);
  return builder.op('Sub', [builder.op('Mul', [ends, tokens]), builder.ints([1], [])]);
}
