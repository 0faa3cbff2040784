import type { GraphBuilder, Value } from '../graph/graph-builder.ts';
import type { AttentionLayer, KeyValues, Projected } from './attention.ts';

/** What a key that may not be seen adds to its score. */
const hidden = -1e9;

/** Attention in standard operators, for heads that the fused operator does not take. G is query heads per key head. */
export function plainAttention(
  builder: GraphBuilder,
  projected: Projected,
  layer: AttentionLayer,
): { output: Value; present: KeyValues } {
  const { config, past } = layer;
  const { keyValueHeads, headSize } = config;
  const groups = config.heads / keyValueHeads;
  const positions = positionsOf(builder, layer);
  const heads = (value: Value, shape: number[], order: number[]): Value =>
    builder.op('Transpose', [builder.op('Reshape', [value, builder.ints([0, 0, ...shape])])], {
      attributes: { perm: order },
    });
  // [B, keyValueHeads, G, T, headSize]
  const query = rotated(builder, heads(projected.query, [keyValueHeads, groups, headSize], [0, 2, 3, 1, 4]), positions);
  // [B, keyValueHeads, T, headSize]
  const key = rotated(builder, heads(projected.key, [keyValueHeads, headSize], [0, 2, 1, 3]), positions);
  const value = heads(projected.value, [keyValueHeads, headSize], [0, 2, 1, 3]);
  const present = {
    key: past ? builder.op('Concat', [past.key, key], { attributes: { axis: { int: 2 } } }) : key,
    value: past ? builder.op('Concat', [past.value, value], { attributes: { axis: { int: 2 } } }) : value,
  };
  const turned = builder.op('Transpose', [present.key], { attributes: { perm: [0, 1, 3, 2] } });
  const oneGroup = (each: Value): Value => builder.op('Unsqueeze', [each, builder.ints([2])]);
  const products = builder.op('MatMul', [query, oneGroup(turned)]);
  const scores = builder.op('Mul', [products, builder.floats([1 / Math.sqrt(headSize)], [])]);
  const masked = builder.op('Add', [scores, mask(builder, positions, layer)]);
  const shares = builder.op('Softmax', [masked], { attributes: { axis: { int: -1 } } });
  const mixed = builder.op('MatMul', [shares, oneGroup(present.value)]);
  return { output: builder.op('Transpose', [mixed], { attributes: { perm: [0, 3, 1, 2, 4] } }), present };
}

type Positions = { readonly first: Value; readonly total: Value; readonly cos: Value; readonly sin: Value };

/** Cosines and sines of the T new tokens, each `[T, headSize / 2]`. */
function positionsOf(builder: GraphBuilder, { sequence }: AttentionLayer): Positions {
  const total = builder.op('Unsqueeze', [sequence.totalLength, builder.ints([0])]);
  const tokens = builder.op('Slice', [sequence.rowsByTokens, builder.ints([1]), builder.ints([2])]);
  const first = builder.op('Sub', [total, tokens]);
  const part = (table: Value): Value => builder.op('Slice', [table, first, total, builder.ints([0])]);
  return { first, total, cos: part(sequence.rotary.cos), sin: part(sequence.rotary.sin) };
}

/** Turns each pair `(x_i, x_{i + headSize / 2})` by the angle of its position. `[…, T, headSize]` */
function rotated(builder: GraphBuilder, x: Value, { cos, sin }: Positions): Value {
  const [left, right] = builder.ops('Split', [x], 2, {
    attributes: { axis: { int: -1 }, num_outputs: { int: 2 } },
  }) as [Value, Value];
  const times = (a: Value, b: Value): Value => builder.op('Mul', [a, b]);
  const newLeft = builder.op('Sub', [times(left, cos), times(right, sin)]);
  const newRight = builder.op('Add', [times(right, cos), times(left, sin)]);
  return builder.op('Concat', [newLeft, newRight], { attributes: { axis: { int: -1 } } });
}

/** `[T, total]`: 0 where a token sees a key, a large negative number where that key is later or out of the window. */
function mask(builder: GraphBuilder, { first, total }: Positions, { window }: AttentionLayer): Value {
  const scalar = (value: Value): Value => builder.op('Squeeze', [value]);
  const range = (from: Value): Value => builder.op('Range', [from, scalar(total), builder.ints([1], [])]);
  const rows = builder.op('Unsqueeze', [range(scalar(first)), builder.ints([1])]);
  const distance = builder.op('Sub', [rows, range(builder.ints([0], []))]);
  const earlier = builder.op('GreaterOrEqual', [distance, builder.ints([0], [])]);
  const near = window === null ? earlier : builder.op('Less', [distance, builder.ints([window], [])]);
  const seen = window === null ? earlier : builder.op('And', [earlier, near]);
  return builder.op('Where', [seen, builder.floats([0], []), builder.floats([hidden], [])]);
}
