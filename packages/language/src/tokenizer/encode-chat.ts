import type { ChatMessage } from '@agon/contracts';
import { completionSpans } from './completion-spans.ts';
import type { LanguageTokenizer } from './open-tokenizer.ts';

/** A row of tokens and which of them the model has to foretell. */
export type EncodedRow = {
  readonly ids: number[];
  /** Indices into `ids`, growing, each at least 1: the first token has nothing before it. */
  readonly completion: number[];
  /** Whether tokens are missing at the end. */
  readonly cut: boolean;
};

/**
 * Tokens of a conversation as the model's chat template shows it, the loss on every turn of the assistant. Which tokens
 * count (docs/trainer-contract.md): with `n(text)` the tokens that the ids of `text` share with the ids of the whole from
 * the beginning on, those from `n(all before the completion)` to `n(all up to its end)`.
 *
 * @param tokensMax what is beyond is cut off at the end.
 * @throws Error where the model has no chat template, or its template refuses the conversation.
 */
export const encodeChat = (
  tokenizer: LanguageTokenizer,
  messages: readonly ChatMessage[],
  tokensMax: number,
): EncodedRow => encodeTurns(tokenizer, messages, tokensMax, () => true);

/** As `encodeChat`, the loss on the last turn only. */
export const encodeAnswer = (
  tokenizer: LanguageTokenizer,
  messages: readonly ChatMessage[],
  tokensMax: number,
): EncodedRow => encodeTurns(tokenizer, messages, tokensMax, (index) => index === messages.length - 1);

function encodeTurns(
  tokenizer: LanguageTokenizer,
  messages: readonly ChatMessage[],
  tokensMax: number,
  scored: (index: number) => boolean,
): EncodedRow {
  const { template, specialTokens } = tokenizer;
  if (!template) throw new Error('The base model has no chat template.');
  const { text, spans } = completionSpans(template, messages, {
    scored: (_, index) => scored(index),
    specialTokens,
  });
  const all = tokenizer.ids(text);
  const ids = all.slice(0, tokensMax);
  const completion: number[] = [];
  for (const { start, end } of spans) {
    const first = shared(tokenizer.ids(text.slice(0, start)), all);
    if (first >= ids.length) break;
    const last = shared(tokenizer.ids(text.slice(0, end)), all);
    for (let index = Math.max(1, first); index < Math.min(last, ids.length); index += 1) completion.push(index);
  }
  return { ids, completion, cut: all.length > ids.length };
}

/** How many tokens both begin with. */
function shared(part: readonly number[], whole: readonly number[]): number {
  const differs = part.findIndex((id, index) => id !== whole[index]);
  return differs < 0 ? part.length : differs;
}
