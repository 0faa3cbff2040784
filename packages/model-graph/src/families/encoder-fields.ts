import { z } from 'zod';
import type { EncoderConfig } from '../encoder/encoder-config.ts';
import { refuse } from './config-fields.ts';

export const size = (max: number) => z.int().min(1).max(max);

/** Fields of `config.json` that decide how many classes there are. */
export const LabelFields = z.object({
  id2label: z.record(z.string(), z.string()).nullish(),
  num_labels: size(100_000).nullish(),
});

/** Two, as in transformers, where nothing is said; null for models without a head. */
export function labelsOf(fields: z.infer<typeof LabelFields>, architecture: string): number | null {
  if (!architecture.endsWith('ForSequenceClassification')) return null;
  return fields.num_labels ?? (fields.id2label ? Object.keys(fields.id2label).length : 2);
}

const activations: Readonly<Record<string, EncoderConfig['activation']>> = {
  gelu: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  relu: 'relu',
};

/** @throws ModelFault `config_unsupported` */
export function activationOf(name: string): EncoderConfig['activation'] {
  const known = Object.hasOwn(activations, name);
  refuse(!known, `the activation ${name}; only ${Object.keys(activations).join(', ')}`);
  return activations[name] as EncoderConfig['activation'];
}

/** @throws ModelFault `config_unsupported` */
export function checkHeads(config: EncoderConfig): EncoderConfig {
  refuse(config.hidden % config.heads !== 0, `${config.heads} heads for ${config.hidden} numbers; a whole part each`);
  refuse(config.positions < 1, 'no positions; one or more');
  return config;
}
