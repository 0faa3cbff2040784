import type { Value } from '../graph/graph-builder.ts';
import { type GraphContext, linear } from '../graph/linear.ts';
import { rmsNorm } from '../graph/norms.ts';
import type { LinearModule } from '../graph/tensor-spec.ts';
import { blockedAttention } from './blocked-attention.ts';
import type { CausalBlocks } from './causal-blocks.ts';
import type { DecoderConfig } from './decoder-config.ts';
import { type DecoderModule, layerNorms } from './decoder-tensors.ts';
import { groupedAttention } from './grouped-attention.ts';
import type { RotaryTables } from './rotary.ts';

/** What all layers share. B rows of T tokens that have no padding before them. */
export type Sequence = {
  /** Of the positions 0 to `totalLength - 1`. */
  readonly rotary: RotaryTables;
  /** int32 `[B]`: the last position of each row; with it the fused operator is used where it can be. */
  readonly lastPositions: Value | null;
  /**
   * int64 `[B, T]`: the position of each token. With it, what is present after a layer is only that of the T tokens, keys
   * and values `[B, T, keyValueHeads * headSize]`; only where the fused operator is used.
   */
  readonly positions?: Value | undefined;
  /** int64 scalar: tokens of the longest row, those of the past included. */
  readonly totalLength: Value;
  /** int64 `[2]`: B and T. */
  readonly rowsByTokens: Value;
  readonly blocks: CausalBlocks;
  /** Where rows may have padding before their tokens, which then counts as tokens in all of the above. */
  readonly padding?: Padding | undefined;
};

export type Padding = {
  /** `[B, 1, 1, totalLength]`: 0 where a key is a token, a large negative number where it is padding. */
  readonly keys: Value;
  /** The same for each new token, `[B, 1, T, totalLength]`. */
  readonly keysPerToken: Value;
};

/** Keys, rotated, and values of a layer, each `[B, keyValueHeads, tokens, headSize]`. */
export type KeyValues = { readonly key: Value; readonly value: Value };

/** Queries `[B, T, heads * headSize]`, keys and values `[B, T, keyValueHeads * headSize]`, not yet rotated. */
export type Projected = { readonly query: Value; readonly key: Value; readonly value: Value };

export type AttentionLayer = {
  readonly config: DecoderConfig;
  readonly window: number | null;
  readonly past: KeyValues | undefined;
  readonly sequence: Sequence;
};

/** The fused operator wants heads of so many numbers. */
export const fusedHeadMultiple = 8;

/**
 * Causal self-attention with grouped queries (Ainslie et al. 2023) and rotary positions, without the output projection.
 *
 * @param x `[B * T, hidden]`
 * @returns `[B * T, heads * headSize]`, and the keys and values with the past before them
 */
export function attention(
  context: GraphContext,
  config: DecoderConfig,
  layer: { index: number; modules: Record<DecoderModule, LinearModule>; x: Value; past: KeyValues | undefined },
  sequence: Sequence,
): { attended: Value; present: KeyValues } {
  const { builder } = context;
  const { modules, x } = layer;
  const norms = layerNorms(layer.index);
  const project = (module: LinearModule, norm?: string): Value => {
    const flat = linear(context, module, x);
    const shaped = norm !== undefined && config.queryKeyNorms ? headNorm(context, config, flat, norm) : flat;
    const shape = builder.op('Concat', [sequence.rowsByTokens, builder.ints([module.outputs])], {
      attributes: { axis: { int: 0 } },
    });
    return builder.op('Reshape', [shaped, shape]);
  };
  const projected = {
    query: project(modules.query, norms.query),
    key: project(modules.key, norms.key),
    value: project(modules.value),
  };
  const fits = sequence.lastPositions !== null && config.headSize % fusedHeadMultiple === 0;
  const attend = fits ? groupedAttention : blockedAttention;
  const window = config.windows[layer.index] ?? null;
  const { output, present } = attend(builder, projected, { config, window, past: layer.past, sequence });
  return { attended: builder.op('Reshape', [output, builder.ints([-1, config.heads * config.headSize])]), present };
}

/** RMS norm over each head. `[N, heads * headSize]` to `[N * heads, headSize]`. */
function headNorm(context: GraphContext, config: DecoderConfig, flat: Value, name: string): Value {
  const { builder } = context;
  const heads = builder.op('Reshape', [flat, builder.ints([-1, config.headSize])]);
  return rmsNorm(context, heads, { name, size: config.headSize, epsilon: config.normEpsilon });
}
