import { Tokenizer } from '@huggingface/tokenizers';
import { type ChatTemplate, chatTemplate } from './chat-template.ts';
import { readTokenizerFiles } from './tokenizer-files.ts';

/** A base model's way from text to token ids. */
export type LanguageTokenizer = {
  /** Ids of the text as it is: nothing is put around it. */
  ids(text: string): number[];
  /** The text of token ids, special tokens left out. */
  text(ids: readonly number[]): string;
  /** Ids of one text for an encoder, with the special tokens that its model wants, at most `tokensMax` of them. */
  wrapped(text: string, tokensMax: number): { ids: number[]; cut: boolean };
  /** Null where the model has no chat template. */
  readonly template: ChatTemplate | null;
};

/** What is used of the library, whose own types do not resolve under Node's rules. */
type Library = {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  decode(ids: number[], options: { skip_special_tokens: boolean }): string;
};

/**
 * Opens the tokenizer of a folder in Hugging Face's layout.
 *
 * @throws Error where its files are missing or cannot be understood.
 */
export async function openTokenizer(folder: string): Promise<LanguageTokenizer> {
  const files = await readTokenizerFiles(folder);
  const tokenizer: Library = new Tokenizer(completed(files.tokenizer), files.config);
  const ids = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids;
  const around = specialTokensAround(tokenizer);
  return {
    ids,
    text: (given) => (given.length === 0 ? '' : tokenizer.decode([...given], { skip_special_tokens: true })),
    wrapped: (text, tokensMax) => {
      const inner = ids(text);
      const room = Math.max(0, tokensMax - around.before.length - around.after.length);
      const kept = inner.length > room ? inner.slice(0, room) : inner;
      return { ids: [...around.before, ...kept, ...around.after], cut: kept.length < inner.length };
    },
    template: files.chatTemplate === null ? null : chatTemplate(files.chatTemplate, files.specialTokens),
  };
}

/** The library insists on fields that the format lets be left out. */
const completed = (tokenizer: object): object => ({
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  added_tokens: [],
  ...tokenizer,
});

/** What the post-processor puts before and after one text, learnt from a short one. */
function specialTokensAround(tokenizer: Library): { before: number[]; after: number[] } {
  const sample = 'a';
  const inner = tokenizer.encode(sample, { add_special_tokens: false }).ids;
  const whole = tokenizer.encode(sample, { add_special_tokens: true }).ids;
  const starts = whole.map((_, start) => start);
  const start = starts.find((at) => inner.every((id, index) => whole[at + index] === id)) ?? 0;
  return { before: whole.slice(0, start), after: whole.slice(start + inner.length) };
}
