/** What the arithmetic of language models may run on. `cuda` needs NVIDIA's libraries and onnxruntime's provider for them. */
export const executionProviders = ['cpu', 'cuda'] as const;
export type ExecutionProvider = (typeof executionProviders)[number];
