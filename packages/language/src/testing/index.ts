/** Tiny language models, tokenizers and adapters for tests. Development only. */
export * from './byte-tokenizer.ts';
export * from './chats.ts';
export * from './on-disk.ts';
export * from './safetensors.ts';
export * from './tiny-models.ts';
