import { fused, type GraphBuilder, type Value } from '../graph/graph-builder.ts';
import type { AttentionLayer, KeyValues, Padding, Projected } from './attention.ts';
import type { CausalBlock } from './causal-blocks.ts';

/**
 * Attention block by block of queries, as products of matrices. For long rows it takes half the time of the fused
 * operator, which computes the scores of later keys too, and less memory. G is query heads per key head.
 */
export function blockedAttention(
  builder: GraphBuilder,
  projected: Projected,
  layer: AttentionLayer,
): { output: Value; present: KeyValues } {
  const { config, past, sequence } = layer;
  const { heads, keyValueHeads, headSize } = config;
  const groups = heads / keyValueHeads;
  const { blocks } = sequence;
  const rotated = (x: Value, count: number): Value =>
    builder.op('RotaryEmbedding', [x, blocks.first, sequence.rotary.cos, sequence.rotary.sin], {
      domain: fused,
      attributes: { num_heads: { int: count } },
    });
  const byHead = (x: Value): Value => turned(builder, x, [keyValueHeads, headSize], [0, 2, 1, 3]);
  // [B, keyValueHeads, G, T, headSize]
  const query = turned(builder, rotated(projected.query, heads), [keyValueHeads, groups, headSize], [0, 2, 3, 1, 4]);
  const present = {
    key: afterPast(builder, past?.key, byHead(rotated(projected.key, keyValueHeads))),
    value: afterPast(builder, past?.value, byHead(projected.value)),
  };
  const queries =
    blocks.count === 1
      ? [query]
      : builder.ops('Split', [query], blocks.count, {
          attributes: { axis: { int: 3 }, num_outputs: { int: blocks.count } },
        });
  const outputs = blocks.blocksOf(layer.window).map((block, index) => {
    const flat = builder.op('Reshape', [queries[index] as Value, builder.ints([0, 0, -1, headSize])]);
    const mixed = attendBlock(builder, flat, { ...present, headSize, padding: sequence.padding }, block);
    return builder.op('Reshape', [mixed, builder.ints([0, 0, groups, -1, headSize])]);
  });
  const all =
    outputs.length === 1 ? (outputs[0] as Value) : builder.op('Concat', outputs, { attributes: { axis: { int: 3 } } });
  return { output: builder.op('Transpose', [all], { attributes: { perm: [0, 3, 1, 2, 4] } }), present };
}

/** `softmax(q k^T / sqrt(d) + mask) v` (Vaswani et al. 2017). `[B, keyValueHeads, G * tokens, headSize]` to the same. */
function attendBlock(
  builder: GraphBuilder,
  query: Value,
  all: KeyValues & { headSize: number; padding: Padding | undefined },
  block: CausalBlock,
): Value {
  const seenKeys = (each: Value, axis: number): Value =>
    builder.op('Slice', [each, builder.ints([0]), block.keysEnd, builder.ints([axis])]);
  const scores = builder.op('FusedMatMul', [query, seenKeys(all.key, 2)], {
    domain: fused,
    attributes: { alpha: { float: 1 / Math.sqrt(all.headSize) }, transB: { int: 1 } },
  });
  const causal = builder.op('Add', [scores, block.mask]);
  const masked = all.padding ? builder.op('Add', [causal, seenKeys(all.padding.keys, 3)]) : causal;
  const shares = builder.op('Softmax', [masked], { attributes: { axis: { int: -1 } } });
  return builder.op('MatMul', [shares, seenKeys(all.value, 2)]);
}

/** `[B, T, …]` in the given parts and order. */
const turned = (builder: GraphBuilder, x: Value, parts: number[], order: number[]): Value =>
  builder.op('Transpose', [builder.op('Reshape', [x, builder.ints([0, 0, ...parts])])], {
    attributes: { perm: order },
  });

const afterPast = (builder: GraphBuilder, past: Value | undefined, present: Value): Value =>
  past === undefined ? present : builder.op('Concat', [past, present], { attributes: { axis: { int: 2 } } });
