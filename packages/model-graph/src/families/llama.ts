import { noWindows, readDecoder } from './decoder-fields.ts';
import type { Family } from './family.ts';

/** Llama 1 to 3, SmolLM2 and others of that shape. */
export const llama: Family = {
  read: (raw, architecture) =>
    readDecoder(raw, architecture, (fields) => ({
      biases: { queryKeyValue: fields.attention_bias, output: fields.attention_bias, mlp: fields.mlp_bias },
      queryKeyNorms: false,
      windows: noWindows(fields),
    })),
};
