import type { BaseModelRecord } from '@agon/store';
import { aBlob, builtAt } from './builders.ts';

/** A small model that answers. */
export const aBaseModel = (overrides: Partial<BaseModelRecord> = {}): BaseModelRecord => ({
  id: 'agon/tiny@1',
  name: 'agon/tiny',
  revision: '1',
  source: 'imported',
  facts: {
    architecture: 'LlamaForCausalLM',
    kind: 'causal',
    parameters: 1_000_000,
    hidden_size: 64,
    layers: 4,
    vocabulary: 1_024,
    context_tokens: 512,
    has_chat_template: true,
    license: 'apache-2.0',
  },
  files: [
    { path: 'config.json', ...aBlob(20) },
    { path: 'model.safetensors', ...aBlob(21, 2_000_000) },
    { path: 'tokenizer.json', ...aBlob(22) },
  ],
  createdAt: builtAt,
  ...overrides,
});
