import { noWindows, readDecoder, windowsOf } from './decoder-fields.ts';
import type { Family } from './family.ts';

/** Llama with biases on queries, keys and values, and sliding windows in the upper layers where they are switched on. */
export const qwen2: Family = {
  read: (raw, architecture) =>
    readDecoder({ use_sliding_window: false, max_window_layers: 28, ...Object(raw) }, architecture, (fields) => ({
      biases: { queryKeyValue: true, output: false, mlp: false },
      queryKeyNorms: false,
      windows: fields.use_sliding_window ? windowsOf(fields, fields.max_window_layers) : noWindows(fields),
    })),
};
