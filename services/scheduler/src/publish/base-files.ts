import type { ModelFile } from '@agon/contracts';
import type { BaseModelRecord } from '@agon/store';

/** What the scores were measured with, and what must go along with a derived work. */
const taken = new Set([
  ...['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json'],
  ...['chat_template.jinja', 'generation_config.json', 'LICENSE', 'LICENSE.md', 'LICENSE.txt', 'NOTICE'],
]);

/** The base model's files that a published language model has too: its tokenizer, not the miner's, and its licence. */
export const baseFiles = (base: BaseModelRecord | null): ModelFile[] =>
  (base?.files ?? []).filter(({ path }) => taken.has(path)).map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }));
