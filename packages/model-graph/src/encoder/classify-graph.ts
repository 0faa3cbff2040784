import { GraphBuilder, type Value } from '../graph/graph-builder.ts';
import { type GraphContext, linear } from '../graph/linear.ts';
import type { LinearModule } from '../graph/tensor-spec.ts';
import { ModelFault } from '../model-fault.ts';
import type { Weights } from '../safetensors/weights.ts';
import { encoderBody } from './encoder-body.ts';
import type { EncoderConfig } from './encoder-config.ts';
import { encoderLayouts } from './encoder-layouts.ts';
import { encoderWeights, headModules, poolerModule } from './encoder-tensors.ts';

export type ClassifyGraph = {
  readonly config: EncoderConfig;
  readonly weights: Pick<Weights, 'tensors'>;
  /** Where the graph's file will lie: the folder of the weights or one above it. */
  readonly folder: string;
  /** Whether LoRA matrices come as inputs (`loraInputs`). */
  readonly lora: boolean;
  /** Of the weights, or inputs of the graph for so many classes (`headInputs`), so that each submission brings its own. */
  readonly head: 'weights' | { readonly labels: number };
  /** How the graph learns which tokens count; by their number where it is left out. */
  readonly padding?: 'lengths' | 'mask';
};

/**
 * The graph that classifies texts. B rows of T tokens, padded on the right with any token of the vocabulary.
 *
 * | input | type | |
 * | --- | --- | --- |
 * | `input_ids` | int64 `[B, T]` | |
 * | `lengths` | int32 `[B]` | tokens of each row that count; or with `padding: 'mask'` |
 * | `attention_mask` | int64 `[B, T]` | 0 for padding |
 * | `token_type_ids` | int64 `[B, T]` | only where the model has more than one token type |
 * | `….lora_A`, `….lora_B` | float32 | see `loraInputs` |
 * | `classifier.weight`, … | float32 | see `headInputs` |
 *
 * Output `logits`, float32 `[B, labels]`.
 *
 * @returns the bytes of the ONNX file
 * @throws ModelFault `tensor_missing`, `tensor_shape_wrong`, `weights_type_unsupported`
 */
export function classifyGraph(graph: ClassifyGraph): Uint8Array {
  const { config } = graph;
  const builder = new GraphBuilder(graph.folder);
  const context = { builder, weights: encoderWeights(config, graph.weights), lora: graph.lora };
  const tokens = builder.input('input_ids', 'int64', ['B', 'T']);
  const counted = graph.padding === 'mask' ? maskInput(builder) : builder.input('lengths', 'int32', ['B']);
  const tokenTypes = config.tokenTypes > 1 ? builder.input('token_type_ids', 'int64', ['B', 'T']) : null;
  const first = encoderBody(context, config, { tokens, counted, tokenTypes });
  const labels = graph.head === 'weights' ? config.labels : graph.head.labels;
  if (labels === null) {
    throw new ModelFault('tensor_missing', `${config.architecture} has no head that classifies.`);
  }
  builder.output('logits', head(context, graph, { first, labels }), 'float32', ['B', labels]);
  return builder.bytes();
}

/** What transformers calls it, as the attention operator wants it. */
const maskInput = (builder: GraphBuilder): Value =>
  builder.op('Cast', [builder.input('attention_mask', 'int64', ['B', 'T'])], { attributes: { to: { int: 6 } } });

/** The pooler or first layer, its activation, and the layer that gives the classes. `[B, hidden]` to `[B, labels]` */
function head(context: GraphContext, graph: ClassifyGraph, input: { first: Value; labels: number }): Value {
  const { config } = graph;
  const { headActivation } = encoderLayouts[config.layout];
  const pooler = poolerModule(config);
  const layers = headModules(config, input.labels);
  const one = (module: LinearModule, x: Value): Value =>
    graph.head === 'weights' ? linear({ ...context, lora: false }, module, x) : fedLinear(context, module, x);
  const last = layers.at(-1) as LinearModule;
  const inner = pooler ? linear(context, pooler, input.first) : one(layers[0] as LinearModule, input.first);
  return one(last, context.builder.op(headActivation, [inner]));
}

/** A linear layer whose weight and bias are inputs of the graph. */
function fedLinear({ builder }: GraphContext, module: LinearModule, x: Value): Value {
  const weight = builder.input(`${module.name}.weight`, 'float32', [module.outputs, module.inputs]);
  const bias = builder.input(`${module.name}.bias`, 'float32', [module.outputs]);
  return builder.op('Gemm', [x, weight, bias], { attributes: { transB: { int: 1 } } });
}
