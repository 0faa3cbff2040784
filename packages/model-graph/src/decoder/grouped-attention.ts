import { fused, type GraphBuilder, type Value } from '../graph/graph-builder.ts';
import type { AttentionLayer, KeyValues, Projected } from './attention.ts';

/** Attention as one operator of onnxruntime, which rotates queries and keys too: the fastest for one new token. */
export function groupedAttention(
  builder: GraphBuilder,
  projected: Projected,
  layer: AttentionLayer,
): { output: Value; present: KeyValues } {
  const { config, window, past, sequence } = layer;
  const length = builder.op('Cast', [sequence.totalLength], { attributes: { to: { int: 6 } } });
  const { query, key, value } = sequence.positions ? rotated(builder, projected, layer) : projected;
  const bias = sequence.padding ? ['', sequence.padding.keysPerToken] : [];
  const tables = sequence.positions ? [] : [sequence.rotary.cos, sequence.rotary.sin, ...bias];
  const inputs = [query, key, value, past?.key ?? '', past?.value ?? '', sequence.lastPositions ?? '', length];
  const [output, allKeys, allValues] = builder.ops('GroupQueryAttention', [...inputs, ...tables], 3, {
    domain: fused,
    attributes: {
      num_heads: { int: config.heads },
      kv_num_heads: { int: config.keyValueHeads },
      do_rotary: { int: sequence.positions ? 0 : 1 },
      ...(window === null ? {} : { local_window_size: { int: window } }),
    },
  }) as [Value, Value, Value];
  return { output, present: sequence.positions ? { key, value } : { key: allKeys, value: allValues } };
}

/** Rotated by an operator of its own, the new keys are there to be had by themselves. */
function rotated(builder: GraphBuilder, projected: Projected, { config, sequence }: AttentionLayer): Projected {
  const rotate = (x: Value, heads: number): Value =>
    builder.op('RotaryEmbedding', [x, sequence.positions ?? '', sequence.rotary.cos, sequence.rotary.sin], {
      domain: fused,
      attributes: { num_heads: { int: heads } },
    });
  return {
    query: rotate(projected.query, config.heads),
    key: rotate(projected.key, config.keyValueHeads),
    value: projected.value,
  };
}
