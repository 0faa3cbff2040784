import { noWindows, readDecoder, windowsOf } from './decoder-fields.ts';
import type { Family } from './family.ts';

/** Llama with norms on the heads of queries and keys; a head has 128 numbers unless the configuration says otherwise. */
export const qwen3: Family = {
  read: (raw, architecture) =>
    readDecoder(
      { use_sliding_window: false, max_window_layers: 28, head_dim: 128, ...Object(raw) },
      architecture,
      (fields) => ({
        biases: { queryKeyValue: fields.attention_bias, output: fields.attention_bias, mlp: false },
        queryKeyNorms: true,
        windows: fields.use_sliding_window ? windowsOf(fields, fields.max_window_layers) : noWindows(fields),
      }),
    ),
};
