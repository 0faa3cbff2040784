import { fused, type Value } from '../graph/graph-builder.ts';
import { type GraphContext, linear, weightOf } from '../graph/linear.ts';
import { addAndLayerNorm } from '../graph/norms.ts';
import type { LinearModule } from '../graph/tensor-spec.ts';
import type { EncoderConfig } from './encoder-config.ts';
import { embeddingsName, encoderLayer } from './encoder-tensors.ts';

export type EncoderInput = {
  /** int64 `[B, T]` */
  readonly tokens: Value;
  /** int64 `[B, T]`, where the model has token types. */
  readonly tokenTypes: Value | null;
  /** int32: how many tokens of each row count, `[B]`, or 1 for each that counts, `[B, T]`. */
  readonly counted: Value;
};

type Shape = { readonly rowsByTokens: Value; readonly tokens: Value; readonly firstTokens: Value };

/**
 * The encoder (Devlin et al. 2019). The last layer computes only the first token of each row.
 *
 * @returns hidden states of the first tokens, `[B, hidden]`
 * @throws ModelFault as `tensorOf`
 */
export function encoderBody(context: GraphContext, config: EncoderConfig, input: EncoderInput): Value {
  const { builder } = context;
  const shape = shapeOf(context, input.tokens);
  let x = embeddings(context, config, input, shape);
  for (let index = 0; index < config.layers; index += 1) {
    const layer = encoderLayer(config, index);
    const { modules } = layer;
    const last = index === config.layers - 1;
    const chosen = (value: Value): Value => (last ? builder.op('Gather', [value, shape.firstTokens]) : value);
    const norm = (name: string) => ({ name, size: config.hidden, epsilon: config.normEpsilon });
    const attended = attention(context, config, { modules, x, counted: input.counted }, shape);
    const change = linear(context, modules.output, chosen(attended));
    const middle = addAndLayerNorm(context, chosen(x), change, norm(layer.attentionNorm));
    const wide = activated(context, config, linear(context, modules.up, middle));
    x = addAndLayerNorm(context, middle, linear(context, modules.down, wide), norm(layer.outputNorm));
  }
  return x;
}

function shapeOf(context: GraphContext, tokens: Value): Shape {
  const { builder } = context;
  const scalar = (value: number): Value => builder.ints([value], []);
  const rowsByTokens = builder.op('Shape', [tokens]);
  const rows = builder.op('Gather', [rowsByTokens, scalar(0)]);
  const length = builder.op('Gather', [rowsByTokens, scalar(1)]);
  const firstTokens = builder.op('Mul', [builder.op('Range', [scalar(0), rows, scalar(1)]), length]);
  return { rowsByTokens, tokens: length, firstTokens };
}

/** Sum of word, position and token type, then a norm. `[B * T, hidden]` */
function embeddings(context: GraphContext, config: EncoderConfig, input: EncoderInput, shape: Shape): Value {
  const { builder } = context;
  const { hidden, positionStart } = config;
  const name = embeddingsName(config);
  const table = (part: string, rows: number): Value =>
    weightOf(context, `${name}.${part}_embeddings.weight`, [rows, hidden]);
  const words = builder.op('Gather', [table('word', config.vocabulary), input.tokens]);
  const end = builder.op('Add', [shape.tokens, builder.ints([positionStart], [])]);
  const places = builder.op('Range', [builder.ints([positionStart], []), end, builder.ints([1], [])]);
  const placed = builder.op('Add', [words, builder.op('Gather', [table('position', config.positionRows), places])]);
  const types = config.tokenTypes > 0 ? typeEmbeddings(context, table('token_type', config.tokenTypes), input) : null;
  const sum = types === null ? placed : builder.op('Add', [placed, types]);
  const norm = {
    weight: weightOf(context, `${name}.LayerNorm.weight`, [hidden]),
    bias: weightOf(context, `${name}.LayerNorm.bias`, [hidden]),
  };
  const normed = builder.op('LayerNormalization', [sum, norm.weight, norm.bias], {
    attributes: { axis: { int: -1 }, epsilon: { float: config.normEpsilon } },
  });
  return builder.op('Reshape', [normed, builder.ints([-1, hidden])]);
}

/** Of the given types, or the first type for all tokens. */
const typeEmbeddings = (context: GraphContext, table: Value, input: EncoderInput): Value =>
  context.builder.op('Gather', [table, input.tokenTypes ?? context.builder.ints([0], [])]);

/** Attention over the tokens of each row that count. `[B * T, hidden]` to the same. */
function attention(
  context: GraphContext,
  config: EncoderConfig,
  layer: { modules: Record<'query' | 'key' | 'value', LinearModule>; x: Value; counted: Value },
  shape: Shape,
): Value {
  const { builder } = context;
  const batch = builder.op('Concat', [shape.rowsByTokens, builder.ints([config.hidden])], {
    attributes: { axis: { int: 0 } },
  });
  const project = (module: LinearModule): Value => builder.op('Reshape', [linear(context, module, layer.x), batch]);
  const inputs = [
    project(layer.modules.query),
    project(layer.modules.key),
    project(layer.modules.value),
    '',
    layer.counted,
  ];
  const attended = builder.op('MultiHeadAttention', inputs, {
    domain: fused,
    attributes: { num_heads: { int: config.heads } },
  });
  return builder.op('Reshape', [attended, builder.ints([-1, config.hidden])]);
}

/** Gaussian error linear unit (Hendrycks and Gimpel 2016), exact or by tanh, or the rectifier. */
function activated(context: GraphContext, config: EncoderConfig, x: Value): Value {
  if (config.activation === 'relu') return context.builder.op('Relu', [x]);
  const approximate = config.activation === 'gelu' ? 'none' : 'tanh';
  return context.builder.op('Gelu', [x], { attributes: { approximate } });
}
