import type { PreferenceRow } from '@agon/contracts';
import { type EncodedRow, encodeAnswer } from './encode-chat.ts';
import type { LanguageTokenizer } from './open-tokenizer.ts';

/**
 * Both answers after their prompt, the loss on the answer only.
 *
 * @throws Error as `encodeChat`
 */
export function encodePreference(
  tokenizer: LanguageTokenizer,
  row: PreferenceRow,
  tokensMax: number,
): { chosen: EncodedRow; rejected: EncodedRow } {
  const answered = (content: string) =>
    encodeAnswer(tokenizer, [...row.prompt, { role: 'assistant', content }], tokensMax);
  return { chosen: answered(row.chosen), rejected: answered(row.rejected) };
}
