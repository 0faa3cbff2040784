/** Scaling of rotary frequencies, as `rope_scaling.rope_type` names it. */
export type RotaryScaling =
  | { readonly kind: 'default' }
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalPositions: number;
    };

/** A causal language model of the Llama kind, whatever its family calls things. */
export type DecoderConfig = {
  readonly kind: 'decoder';
  readonly architecture: string;
  readonly vocabulary: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly normEpsilon: number;
  readonly rotary: { readonly theta: number; readonly scaling: RotaryScaling };
  /** The projection to the vocabulary is the embedding. */
  readonly tied: boolean;
  readonly biases: { readonly queryKeyValue: boolean; readonly output: boolean; readonly mlp: boolean };
  /** RMS norms over each head of queries and keys (Qwen3). */
  readonly queryKeyNorms: boolean;
  /** Tokens that each layer attends to, itself included; null for all. */
  readonly windows: readonly (number | null)[];
  /** Longest sequence that the model was made for. */
  readonly positions: number;
};
