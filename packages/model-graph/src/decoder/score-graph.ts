import { GraphBuilder, type Value } from '../graph/graph-builder.ts';
import { causalBlocks } from './causal-blocks.ts';
import { decoderBody } from './decoder-body.ts';
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
 *
 * Output `losses`, float32 `[P]`: the negative natural logarithm of each target's probability.
 *
 * @returns the bytes of the ONNX file
 * @throws ModelFault `tensor_missing`, `tensor_shape_wrong`, `weights_type_unsupported`
 */
export function scoreGraph(graph: DecoderGraph): Uint8Array {
  const { config } = graph;
  const builder = new GraphBuilder(graph.folder);
  const context = { builder, weights: graph.weights, lora: graph.lora };
  const ids = builder.input('input_ids', 'int64', ['B', 'T']);
  const wanted = builder.input('positions', 'int64', ['P']);
  const targets = builder.input('targets', 'int64', ['P']);
  const { tokens, length, positions } = padded(builder, ids, wanted);
  const sequence = {
    rotary: rotaryTables(builder, config, length),
    lastPositions: null,
    totalLength: length,
    rowsByTokens: builder.op('Shape', [tokens]),
    blocks: causalBlocks(builder, { total: length, tokens: length }, config.heads / config.keyValueHeads, blockCount),
  };
  const { hidden } = decoderBody(context, config, { tokens, sequence, positions });
  builder.output('losses', negativeLogLikelihood(context, config, hidden, targets), 'float32', ['P']);
  return builder.bytes();
}

/** The rows with zeros behind them up to a multiple of the blocks, and the positions in these longer rows. */
function padded(
  builder: GraphBuilder,
  ids: Value,
  positions: Value,
): { tokens: Value; length: Value; positions: Value } {
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
    length,
    positions: builder.op('Add', [builder.op('Mul', [rows, length]), columns]),
  };
}
