import { fused, type Value } from '../graph/graph-builder.ts';
import { type GraphContext, linear, weightOf } from '../graph/linear.ts';
import type { LinearModule } from '../graph/tensor-spec.ts';
import type { DecoderConfig } from './decoder-config.ts';
import { type DecoderModule, layerNorms } from './decoder-tensors.ts';
import type { RotaryTables } from './rotary.ts';

/** What all layers share. B rows of T tokens, padded on the right. */
export type Sequence = {
  readonly rotary: RotaryTables;
  /** int32 `[B]`: the last position of each row that counts. */
  readonly lastPositions: Value;
  /** int32 scalar: tokens of the longest row, those of the past included. */
  readonly totalLength: Value;
};

/** Keys and values of a layer, each `[B, keyValueHeads, tokens, headSize]`. */
export type KeyValues = { readonly key: Value; readonly value: Value };

/**
 * Causal self-attention with grouped queries (Ainslie et al. 2023) and rotary positions, without the output projection.
 *
 * @param x `[B * T, hidden]`
 * @returns `[B * T, heads * headSize]`, and the keys and values with the past before them
 */
export function attention(
  context: GraphContext,
  config: DecoderConfig,
  layer: { index: number; modules: Record<DecoderModule, LinearModule>; x: Value; past?: KeyValues },
  sequence: Sequence & { rowsByTokens: Value },
): { context: Value; present: KeyValues } {
  const { builder } = context;
  const { modules, x } = layer;
  const norms = layerNorms(layer.index);
  const project = (module: LinearModule, norm?: string): Value => {
    const flat = linear(context, module, x);
    const shaped = norm && config.queryKeyNorms ? headNorm(context, config, flat, norm) : flat;
    return builder.op('Reshape', [shaped, batchShape(context, sequence.rowsByTokens, module.outputs)]);
  };
  const window = config.windows[layer.index] ?? null;
  const [output, key, value] = builder.ops(
    'GroupQueryAttention',
    [
      project(modules.query, norms.query),
      project(modules.key, norms.key),
      project(modules.value),
      layer.past?.key ?? '',
      layer.past?.value ?? '',
      sequence.lastPositions,
      sequence.totalLength,
      sequence.rotary.cos,
      sequence.rotary.sin,
    ],
    3,
    {
      domain: fused,
      attributes: {
        num_heads: { int: config.heads },
        kv_num_heads: { int: config.keyValueHeads },
        do_rotary: { int: 1 },
        ...(window === null ? {} : { local_window_size: { int: window } }),
      },
    },
  ) as [Value, Value, Value];
  const flat = builder.op('Reshape', [output, builder.ints([-1, config.heads * config.headSize])]);
  return { context: flat, present: { key, value } };
}

/** `[B, T, width]` */
const batchShape = (context: GraphContext, rowsByTokens: Value, width: number): Value =>
  context.builder.op('Concat', [rowsByTokens, context.builder.ints([width])], { attributes: { axis: { int: 0 } } });

/** RMS norm over each head. `[N, heads * headSize]` to the same shape. */
function headNorm(context: GraphContext, config: DecoderConfig, flat: Value, name: string): Value {
  const { builder } = context;
  const heads = builder.op('Reshape', [flat, builder.ints([-1, config.headSize])]);
  return rmsNorm(context, heads, { name, size: config.headSize, epsilon: config.normEpsilon });
}

/** `x / sqrt(mean(x^2) + epsilon) * weight` (Zhang and Sennrich 2019) over the last dimension. */
export function rmsNorm(context: GraphContext, x: Value, norm: { name: string; size: number; epsilon: number }): Value {
  return context.builder.op('SimplifiedLayerNormalization', [x, weightOf(context, norm.name, [norm.size])], {
    attributes: { axis: { int: -1 }, epsilon: { float: norm.epsilon } },
  });
}
