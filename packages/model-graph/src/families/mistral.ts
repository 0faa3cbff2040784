import { readDecoder, windowsOf } from './decoder-fields.ts';
import type { Family } from './family.ts';

/** Llama with a sliding window in every layer. */
export const mistral: Family = {
  read: (raw, architecture) =>
    readDecoder(raw, architecture, (fields) => ({
      biases: { queryKeyValue: false, output: false, mlp: false },
      queryKeyNorms: false,
      windows: windowsOf({ ...fields, layer_types: null }, 0),
    })),
};
