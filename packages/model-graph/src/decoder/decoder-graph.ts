import type { Weights } from '../safetensors/weights.ts';
import type { DecoderConfig } from './decoder-config.ts';

/** What a graph of a causal language model is written from. */
export type DecoderGraph = {
  readonly config: DecoderConfig;
  readonly weights: Pick<Weights, 'tensors'>;
  /** Where the graph's file will lie: the folder of the weights or one above it. */
  readonly folder: string;
  /** Whether LoRA matrices come as inputs (`loraInputs`). Without, the graph has none and is a little faster. */
  readonly lora: boolean;
};
