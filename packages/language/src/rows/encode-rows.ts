import type { ChatRow, PreferenceRow } from '@agon/contracts';
import { type EncodedRow, encodeChat } from '../tokenizer/encode-chat.ts';
import { encodePreference } from '../tokenizer/encode-preference.ts';
import type { LanguageTokenizer } from '../tokenizer/open-tokenizer.ts';
import { packRows, type TokenRows } from './token-rows.ts';

/** Rows of a part, as their task has them. */
export type TextRows =
  | { readonly kind: 'chat'; readonly rows: readonly ChatRow[] }
  | { readonly kind: 'preference'; readonly rows: readonly PreferenceRow[] }
  | { readonly kind: 'text'; readonly rows: readonly { readonly text: string }[] };

/** Rows of a part in tokens. */
export type EncodedRows = {
  /** One per row that is scored; for preferences two, the chosen answer before the rejected one. */
  readonly tokens: TokenRows;
  /** The rows of the part that are scored, in order. */
  readonly kept: Int32Array;
  /** Rows of which tokens were cut off, those that are not scored included. */
  readonly cutRows: number;
  /** Why the first row that is not scored is not. */
  readonly unscoredReason: string | null;
};

type Encoded = { readonly parts: readonly EncodedRow[] } | { readonly refusal: string };

/**
 * Tokenises the rows of a part. A row without a token left to score, or that the chat template refuses, is not scored.
 */
export function encodeRows(tokenizer: LanguageTokenizer, input: TextRows, tokensMax: number): EncodedRows {
  const encoded = encoders[input.kind](tokenizer, input.rows as never, tokensMax);
  const packed: EncodedRow[] = [];
  const kept: number[] = [];
  let cutRows = 0;
  let unscoredReason: string | null = null;
  for (const [row, answer] of encoded.entries()) {
    const parts = 'parts' in answer ? answer.parts : [];
    if (parts.some((part) => part.cut)) cutRows += 1;
    const reason = 'refusal' in answer ? answer.refusal : reasonOf(input.kind, parts);
    if (reason === undefined) {
      packed.push(...parts);
      kept.push(row);
    } else unscoredReason ??= `row ${row + 1}: ${reason}`;
  }
  return { tokens: packRows(packed), kept: Int32Array.from(kept), cutRows, unscoredReason };
}

const encoders: {
  readonly [K in TextRows['kind']]: (
    tokenizer: LanguageTokenizer,
    rows: Extract<TextRows, { kind: K }>['rows'],
    tokensMax: number,
  ) => Encoded[];
} = {
  chat: (tokenizer, rows, tokensMax) =>
    rows.map((row) => tried(() => [encodeChat(tokenizer, row.messages, tokensMax)])),
  preference: (tokenizer, rows, tokensMax) =>
    rows.map((row) =>
      tried(() => {
        const { chosen, rejected } = encodePreference(tokenizer, row, tokensMax);
        return [chosen, rejected];
      }),
    ),
  text: (tokenizer, rows, tokensMax) =>
    rows.map((row) => ({ parts: [{ ...someTokens(tokenizer.wrapped(row.text, tokensMax)), completion: [] }] })),
};

/** An empty text is a text: where no special token stands for it, any token does. */
const someTokens = <T extends { ids: number[] }>(row: T): T => (row.ids.length > 0 ? row : { ...row, ids: [0] });

function tried(encode: () => EncodedRow[]): Encoded {
  try {
    return { parts: encode() };
  } catch (error) {
    return { refusal: `the chat template refuses it (${error instanceof Error ? error.message : String(error)})` };
  }
}

function reasonOf(kind: TextRows['kind'], parts: readonly EncodedRow[]): string | undefined {
  if (kind === 'text') return undefined;
  if (parts.every((part) => part.completion.length > 0)) return undefined;
  return parts.some((part) => part.cut) ? 'its answer begins beyond the limit of tokens' : 'it has no answer to score';
}
