import { GraphBuilder, type Value } from '../graph/graph-builder.ts';
import type { KeyValues } from './attention.ts';
import { causalBlocks } from './causal-blocks.ts';
import { decoderBody } from './decoder-body.ts';
import type { DecoderConfig } from './decoder-config.ts';
import type { DecoderGraph } from './decoder-graph.ts';
import { negativeLogLikelihood } from './negative-log-likelihood.ts';
import { rotaryTables } from './rotary.ts';

/** Blocks of queries, of which the rows' length is made a multiple. More of them gain little. */
const blockCount = 8;

/**
 * The graph that scores completions. B rows of T tokens, padded on the right with any token; P positions. A token sees
 * none after it, so padding changes nothing.
 *
 * | input | type | |
 * | --- | --- | --- |
 * | `input_ids` | int64 `[B, T]` | |
 * | `positions` | int64 `[P]` | `row * T + column` of the token *before* each completion token |
 * | `targets` | int64 `[P]` | the completion tokens |
 * | `….lora_A`, `….lora_B` | float32 | see `loraInputs` |
 * | `prefix.N.key`, `.value` | float32 `[1, keyValueHeads, S, headSize]` | S tokens before every row; may be 0 |
 *
 * Output `losses`, float32 `[P]`: the negative natural logarithm of each target's probability. With `prefix` also
 * `present.N.key` and `.value`, `[B, keyValueHeads, S + T, headSize]`: run the prefix itself as one row without
 * positions, and feed these for `prefix.N…` with the rows that begin with it.
 *
 * @returns the bytes of the ONNX file
 * @throws ModelFault `tensor_missing`, `tensor_shape_wrong`, `weights_type_unsupported`
 */
export function scoreGraph(graph: DecoderGraph & { prefix?: boolean }): Uint8Array {
  const { config } = graph;
  const builder = new GraphBuilder(graph.folder);
  const context = { builder, weights: graph.weights, lora: graph.lora };
  const ids = builder.input('input_ids', 'int64', ['B', 'T']);
  const wanted = builder.input('positions', 'int64', ['P']);
  const targets = builder.input('targets', 'int64', ['P']);
  const { tokens, before, length, positions } = padded(builder, ids, wanted);
  const rowsByTokens = builder.op('Shape', [tokens]);
  const prefix = graph.prefix ? prefixInputs(builder, config, rowsByTokens) : undefined;
  const total = prefix ? builder.op('Add', [prefix.length, length]) : length;
  const sequence = {
    rotary: rotaryTables(builder, config, total),
    lastPositions: null,
    totalLength: total,
    rowsByTokens,
    blocks: causalBlocks(builder, { total, tokens: length }, config.heads / config.keyValueHeads, blockCount),
  };
  const input = { tokens, sequence, positions, ...(prefix ? { past: prefix.keyValues } : {}) };
  const { hidden, present } = decoderBody(context, config, input);
  builder.output('losses', negativeLogLikelihood(context, config, hidden, targets), 'float32', ['P']);
  if (prefix) presentOutputs(builder, config, { present, end: builder.op('Add', [prefix.length, before]) });
  return builder.bytes();
}

/** Keys and values that all rows begin with, as if each row had brought them. */
function prefixInputs(
  builder: GraphBuilder,
  config: DecoderConfig,
  rowsByTokens: Value,
): { keyValues: KeyValues[]; length: Value } {
  const dims = [1, config.keyValueHeads, 'S', config.headSize];
  const rows = builder.op('Slice', [rowsByTokens, builder.ints([0]), builder.ints([1])]);
  const shape = builder.op('Concat', [rows, builder.ints([1, 1, 1])], { attributes: { axis: { int: 0 } } });
  const input = (name: string): Value => builder.op('Expand', [builder.input(name, 'float32', dims), shape]);
  const keyValues = Array.from({ length: config.layers }, (_, layer) => ({
    key: input(`prefix.${layer}.key`),
    value: input(`prefix.${layer}.value`),
  }));
  const length = builder.op('Gather', [builder.op('Shape', ['prefix.0.key']), builder.ints([2], [])]);
  return { keyValues, length };
}

/** Without what was padded. */
function presentOutputs(
  builder: GraphBuilder,
  config: DecoderConfig,
  { present, end }: { present: readonly KeyValues[]; end: Value },
): void {
  const dims = ['B', config.keyValueHeads, 'S + T', config.headSize];
  const stop = builder.op('Unsqueeze', [end, builder.ints([0])]);
  for (const [layer, { key, value }] of present.entries()) {
    for (const [part, all] of Object.entries({ key, value })) {
      const kept = builder.op('Slice', [all, builder.ints([0]), stop, builder.ints([2])]);
      builder.output(`present.${layer}.${part}`, kept, 'float32', dims);
    }
  }
}

/** The rows with zeros behind them up to a multiple of the blocks, and the positions in these longer rows. */
function padded(
  builder: GraphBuilder,
  ids: Value,
  positions: Value,
): { tokens: Value; before: Value; length: Value; positions: Value } {
  const scalar = (value: number): Value => builder.ints([value], []);
  const before = builder.op('Gather', [builder.op('Shape', [ids]), scalar(1)]);
  const blocks = builder.op('Div', [builder.op('Add', [before, scalar(blockCount - 1)]), scalar(blockCount)]);
  const length = builder.op('Mul', [blocks, scalar(blockCount)]);
  const more = builder.op('Unsqueeze', [builder.op('Sub', [length, before]), builder.ints([0])]);
  const pads = builder.op('Concat', [builder.ints([0, 0, 0]), more], { attributes: { axis: { int: 0 } } });
  const rows = builder.op('Div', [positions, before]);
  const columns = builder.op('Sub', [positions, builder.op('Mul', [rows, before])]);
  return {
    tokens: builder.op('Pad', [ids, pads]),
    before,
    length,
    positions: builder.op('Add', [builder.op('Mul', [rows, length]), columns]),
  };
}
