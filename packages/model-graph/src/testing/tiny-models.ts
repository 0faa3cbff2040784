import type { ModelConfig } from '../families/family.ts';
import { modelTensors } from '../families/model-tensors.ts';
import { parseConfig } from '../families/read-config.ts';
import { writeModel } from './safetensors.ts';

/** `config.json` of a Llama of 1,600 weights. */
export const tinyLlama = {
  architectures: ['LlamaForCausalLM'],
  vocab_size: 11,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
};

/** `config.json` of a BERT of 2,500 weights, with a head. */
export const tinyBert = {
  architectures: ['BertForSequenceClassification'],
  vocab_size: 11,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  max_position_embeddings: 8,
  id2label: { 0: 'no', 1: 'yes', 2: 'perhaps' },
};

/** Any fixed numbers between -1 and 1. */
export const wave = (name: string, index: number): number => Math.sin(name.length * 7 + index * 1.7);

/** Writes the model of a configuration, without a head that classifies. */
export async function writeTinyModel(
  folder: string,
  raw: Record<string, unknown>,
  value: (name: string, index: number) => number = wave,
  options: { type?: 'F32' | 'BF16' } = {},
): Promise<ModelConfig> {
  const config = parseConfig(raw);
  await writeModel(folder, { config: raw, tensors: modelTensors(config) }, value, options);
  return config;
}
