/**
 * Text tasks: tokenises rows with the files of a base model, and scores language models and encoders in a process of
 * their own over the graphs of packages/model-graph. May import contracts, model-graph and onnx; its child process
 * imports onnxruntime-node. The evaluator calls it.
 */

export { type ExecutionProvider, executionProviders } from './execution-provider.ts';
export type { EncodedRows, TextRows } from './rows/encode-rows.ts';
export { completionCounts, type TokenRows } from './rows/token-rows.ts';
export { checkProvider } from './scorer/check-provider.ts';
export { LanguageScorer, type ScorerLimits } from './scorer/language-scorer.ts';
export { type BaseModelFiles, LanguageScorers } from './scorer/language-scorers.ts';
export { linkFiles, type ModelFile } from './scorer/link-files.ts';
export { type EncodedRow, encodeChat } from './tokenizer/encode-chat.ts';
export { encodePreference } from './tokenizer/encode-preference.ts';
export { type LanguageTokenizer, openTokenizer } from './tokenizer/open-tokenizer.ts';
