import type { EncoderLayoutName } from './encoder-config.ts';

/** Where a layer's parts are, by their names below the layer. */
export type EncoderLayout = {
  /** What every name begins with in a model that has a head. */
  readonly prefix: string;
  readonly layer: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
  readonly attentionNorm: string;
  readonly up: string;
  readonly down: string;
  readonly outputNorm: string;
  /** A linear layer over the first token that belongs to the encoder itself. */
  readonly pooler: string | null;
  /** Linear layers of the head; the activation stands between the two (after the pooler where there is one). */
  readonly head: readonly string[];
  readonly headActivation: 'Tanh' | 'Relu';
};

const bert: EncoderLayout = {
  prefix: 'bert.',
  layer: 'encoder.layer',
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  output: 'attention.output.dense',
  attentionNorm: 'attention.output.LayerNorm',
  up: 'intermediate.dense',
  down: 'output.dense',
  outputNorm: 'output.LayerNorm',
  pooler: 'pooler.dense',
  head: ['classifier'],
  headActivation: 'Tanh',
};

export const encoderLayouts: Readonly<Record<EncoderLayoutName, EncoderLayout>> = {
  bert,
  roberta: { ...bert, prefix: 'roberta.', pooler: null, head: ['classifier.dense', 'classifier.out_proj'] },
  distilbert: {
    prefix: 'distilbert.',
    layer: 'transformer.layer',
    query: 'attention.q_lin',
    key: 'attention.k_lin',
    value: 'attention.v_lin',
    output: 'attention.out_lin',
    attentionNorm: 'sa_layer_norm',
    up: 'ffn.lin1',
    down: 'ffn.lin2',
    outputNorm: 'output_layer_norm',
    pooler: null,
    head: ['pre_classifier', 'classifier'],
    headActivation: 'Relu',
  },
};
