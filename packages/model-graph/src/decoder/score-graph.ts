import { GraphBuilder } from '../graph/graph-builder.ts';
import { decoderBody } from './decoder-body.ts';
import type { DecoderGraph } from './decoder-graph.ts';
import { negativeLogLikelihood } from './negative-log-likelihood.ts';
import { rotaryTables } from './rotary.ts';

/**
 * The graph that scores completions. B rows of T tokens, padded on the right with any token; P positions.
 *
 * | input | type | |
 * | --- | --- | --- |
 * | `input_ids` | int64 `[B, T]` | |
 * | `lengths` | int32 `[B]` | tokens of each row that count |
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
  const tokens = builder.input('input_ids', 'int64', ['B', 'T']);
  const lengths = builder.input('lengths', 'int32', ['B']);
  const positions = builder.input('positions', 'int64', ['P']);
  const targets = builder.input('targets', 'int64', ['P']);
  const rowsByTokens = builder.op('Shape', [tokens]);
  const totalLength = builder.op('Gather', [rowsByTokens, builder.ints([1], [])]);
  const sequence = {
    rotary: rotaryTables(builder, config, totalLength),
    lastPositions: builder.op('Sub', [lengths, builder.ints([1], [], 'int32')]),
    totalLength,
    rowsByTokens,
  };
  const { hidden } = decoderBody(context, config, { tokens, sequence, positions });
  builder.output('losses', negativeLogLikelihood(context, config, hidden, targets), 'float32', ['P']);
  return builder.bytes();
}
