import { expect, test } from 'vitest';
import { chatTemplate } from '../tokenizer/chat-template.ts';
import type { LanguageTokenizer } from '../tokenizer/open-tokenizer.ts';
import { encodeRows } from './encode-rows.ts';
import { completionCounts } from './token-rows.ts';

/** A token per letter; `!` is refused. */
const letters: LanguageTokenizer = {
  ids: (text) => [...text].map((letter) => letter.charCodeAt(0)),
  wrapped: (text, tokensMax) => ({
    ids: [...text.slice(0, tokensMax)].map((letter) => letter.charCodeAt(0)),
    cut: text.length > tokensMax,
  }),
  text: (ids) => String.fromCharCode(...ids),
  template: chatTemplate(
    "{% for m in messages %}{% if m.content == '!' %}{{ raise_exception('No shouting.') }}{% endif %}{{ m.role[:1] }}{{ m.content }}.{% endfor %}{% if add_generation_prompt %}a{% endif %}",
    {},
  ),
};

const chat = (question: string, answer: string) => ({
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ] as const,
});

const rowsOf = (...pairs: [string, string][]) => ({
  kind: 'chat' as const,
  rows: pairs.map(([question, answer]) => ({ messages: [...chat(question, answer).messages] })),
});

test('rows that are cut, lost or refused are counted, the others kept in order', () => {
  const rows = encodeRows(
    letters,
    rowsOf(['q', 'yes'], ['a long question', 'no'], ['!', 'hey'], ['q', 'certainly']),
    10,
  );
  expect([...rows.kept]).toEqual([0, 3]);
  expect(rows.cutRows).toBe(2);
  expect(rows.unscoredReason).toBe('row 2: its answer begins beyond the limit of tokens');
  expect([...completionCounts(rows.tokens)]).toEqual([4, 6]);
  expect([...rows.tokens.offsets]).toEqual([0, 8, 18]);
});

test('the reason of a refusal is the template’s', () => {
  const rows = encodeRows(letters, rowsOf(['!', 'hey']), 100);
  expect(rows.kept).toHaveLength(0);
  expect(rows.unscoredReason).toContain('No shouting.');
});

test('a preference is two rows, and none where one of them is lost', () => {
  const row = (chosen: string, rejected: string, prompt = 'q') => ({
    prompt: [{ role: 'user' as const, content: prompt }],
    chosen,
    rejected,
  });
  const input = { kind: 'preference' as const, rows: [row('yes', 'no'), row('yes', 'no', 'too long a prompt')] };
  const rows = encodeRows(letters, input, 12);
  expect([...rows.kept]).toEqual([0]);
  expect([...completionCounts(rows.tokens)]).toEqual([4, 3]);
});

test('an empty text is a text', () => {
  const rows = encodeRows(letters, { kind: 'text', rows: [{ text: '' }, { text: 'abc' }] }, 2);
  expect([...rows.kept]).toEqual([0, 1]);
  expect([...rows.tokens.offsets]).toEqual([0, 1, 3]);
  expect(rows.cutRows).toBe(1);
});
