import type { ChatTurn } from '@agon/contracts';
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
 * Tokens of a conversation as the model's chat template shows it, the loss on every turn of the assistant
 * that has not weight 0 (docs/trainer-contract.md, "How a conversation becomes tokens").
 *
 * @param tokensMax what is beyond is cut off at the end.
 * @throws Error where the model has no chat template, or its template refuses the conversation.
 */
export const encodeChat = (
  tokenizer: LanguageTokenizer,
  messages: readonly ChatTurn[],
  tokensMax: number,
): EncodedRow => encodeTurns(tokenizer, messages, tokensMax, (index) => messages[index]?.weight !== 0);

/** As `encodeChat`, the loss on the last turn only. */
export const encodeAnswer = (
  tokenizer: LanguageTokenizer,
  messages: readonly ChatTurn[],
  tokensMax: number,
): EncodedRow => encodeTurns(tokenizer, messages, tokensMax, (index) => index === messages.length - 1);

function encodeTurns(
  tokenizer: LanguageTokenizer,
  messages: readonly ChatTurn[],
  tokensMax: number,
  scored: (index: number) => boolean,
): EncodedRow {
  const { template } = tokenizer;
  if (!template) throw new Error('The base model has no chat template.');
  const last = messages.findLastIndex((message, index) => message.role === 'assistant' && scored(index));
  const turns = messages.slice(0, last + 1);
  const text = turns.length === 0 ? '' : template.render(turns, { prompt: false });
  const ids: number[] = [];
  const completion: number[] = [];
  let from = 0;
  for (const { start, end } of completionSpans(template, turns, text, scored)) {
    append(ids, tokenizer.ids(text.slice(from, start)));
    const first = ids.length;
    append(ids, tokenizer.ids(text.slice(start, end)));
    for (let index = Math.max(1, first); index < Math.min(ids.length, tokensMax); index += 1) completion.push(index);
    if (ids.length > tokensMax) break;
    from = end;
  }
  return { ids: ids.slice(0, tokensMax), completion, cut: ids.length > tokensMax };
}

/** One by one: as arguments of one call, those of a long text would be too many. */
function append(ids: number[], more: readonly number[]): void {
  for (const id of more) ids.push(id);
}
