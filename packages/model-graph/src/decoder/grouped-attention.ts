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
  const [output, key, value] = builder.ops(
    'GroupQueryAttention',
    [
      projected.query,
      projected.key,
      projected.value,
      past?.key ?? '',
      past?.value ?? '',
      sequence.lastPositions ?? '',
      length,
      sequence.rotary.cos,
      sequence.rotary.sin,
      ...(sequence.padding ? ['', sequence.padding.keysPerToken] : []),
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
  return { output, present: { key, value } };
}
