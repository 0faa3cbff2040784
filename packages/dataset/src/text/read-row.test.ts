import { limits } from '@agon/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rowReader } from './read-row.ts';
import { RowFault } from './row-fault.ts';
import type { TextLayout } from './text-layout.ts';

const chat: TextLayout = { task: 'chat', shape: 'messages', messages: 'messages', system: 'system' };
const pair: TextLayout = {
  task: 'chat',
  shape: 'pair',
  system: 'system',
  prompt: 'instruction',
  input: 'input',
  completion: 'output',
};
const preference: TextLayout = {
  task: 'preference',
  system: 'system',
  prompt: 'prompt',
  chosen: 'chosen',
  rejected: 'rejected',
};
const classes: TextLayout = {
  task: 'text-classification',
  text: 'body',
  target: 'kind',
  targetKind: 'category',
  classes: ['ham', 'spam'],
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Reads a row from the values of its columns. */
const read = (layout: TextLayout, row: Record<string, unknown>) =>
  rowReader(layout)((column) => (column === null || row[column] === undefined ? '' : textOf(row[column])));

function rowOf(layout: TextLayout, row: Record<string, unknown>) {
  const found = read(layout, row);
  if (typeof found === 'string') throw new Error(found);
  return found.row;
}

function faultOf(layout: TextLayout, row: Record<string, unknown>): string {
  try {
    read(layout, row);
  } catch (error) {
    if (error instanceof RowFault) return error.code;
    throw error;
  }
  return 'none';
}

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const asked = { messages: [user('Hi.'), assistant('Hello.')] };

describe('a conversation', () => {
  test('is read from OpenAI’s and ShareGPT’s formats alike', () => {
    const openai = [{ role: 'system', content: 'Be brief.' }, user('Hi.'), assistant('Hello.')];
    const sharegpt = [
      { from: 'system', value: 'Be brief.' },
      { from: 'human', value: 'Hi.' },
      { from: 'gpt', value: 'Hello.' },
    ];
    expect(rowOf(chat, { messages: openai })).toEqual({ messages: openai });
    expect(rowOf(chat, { messages: sharegpt })).toEqual({ messages: openai });
    expect(rowOf(chat, { messages: { messages: openai } })).toEqual({ messages: openai });
  });

  test('takes a system turn from a column of its own, unless it has one', () => {
    expect(rowOf(chat, { ...asked, system: 'Be brief.' })).toEqual({
      messages: [{ role: 'system', content: 'Be brief.' }, ...asked.messages],
    });
    const own = { messages: [{ role: 'developer', content: 'Be kind.' }, ...asked.messages], system: 'Be brief.' };
    expect(rowOf(chat, own)).toMatchObject({ messages: [{ role: 'system', content: 'Be kind.' }, {}, {}] });
  });

  test('takes content in parts of text', () => {
    const parts = [
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo.' },
    ];
    expect(rowOf(chat, { messages: [user('Hi.'), { role: 'assistant', content: parts }] })).toEqual(asked);
  });

  test('has one spelling: NFC, LF, no white space around, no half of a surrogate pair', () => {
    const messages = [user(' cafe\u0301\r\nau lait\r '), assistant('\ud83d x')];
    expect(rowOf(chat, { messages })).toEqual({ messages: [user('café\nau lait'), assistant('\ufffd x')] });
  });

  test('that is not by turns is mended, and what was mended is noted', () => {
    const messages = [assistant('Welcome.'), user('Hi.'), user('You there?'), assistant('Hello.'), user('Bye.')];
    const found = read(chat, { messages });
    expect(found).toMatchObject({ row: { messages: [user('Hi.\n\nYou there?'), assistant('Hello.')] } });
    expect(typeof found === 'string' ? [] : [...found.notes].sort()).toEqual([
      'first_answer_dropped',
      'last_question_dropped',
      'turns_merged',
    ]);
  });

  test('keeps weight 0 of an answer, which is read and not learnt, and ends with one that is learnt', () => {
    const muted = { ...assistant('Hello.'), weight: 0 };
    const learnt = { ...assistant('Bye.'), weight: 1 };
    const messages = [user('Hi.'), muted, user('Go.'), learnt, user('Well?'), { ...muted, content: 'No.' }];
    const found = read(chat, { messages });
    const row = { messages: [user('Hi.'), muted, user('Go.'), assistant('Bye.')] };
    expect(found).toMatchObject({ row });
    expect(typeof found === 'string' ? [] : [...found.notes].sort()).toEqual([
      'answers_not_learnt',
      'last_question_dropped',
    ]);
    expect(
      rowOf(chat, { messages: [user('Hi.'), assistant('A'), { ...muted, content: 'B' }, user('C'), learnt] }),
    ).toEqual({
      messages: [user('Hi.'), { ...muted, content: 'A\n\nB' }, user('C'), assistant('Bye.')],
    });
    expect(() => rowOf(chat, { messages: [user('Hi.'), muted] })).toThrow('only answers of weight 0');
    expect(() => rowOf(chat, { messages: [user('Hi.'), { ...muted, weight: 0.5 }] })).toThrow('it may be 0 or 1');
  });

  test('loses an empty system turn', () => {
    expect(rowOf(chat, { messages: [{ role: 'system', content: ' ' }, ...asked.messages] })).toEqual(asked);
  });

  test.each([
    ['unknown_role', { messages: [user('Hi.'), { role: 'tool', content: '4' }, assistant('Four.')] }],
    ['unknown_role', { messages: [user('Hi.'), { role: 7, content: '4' }] }],
    ['empty_turn', { messages: [user('Hi.'), assistant(' \n')] }],
    ['empty_turn', { messages: [user('Hi.'), { role: 'assistant', content: null }] }],
    ['tool_call', { messages: [user('Hi.'), { role: 'assistant', content: null, tool_calls: [{}] }] }],
    ['content_not_text', { messages: [{ role: 'user', content: [{ type: 'image_url' }] }, assistant('A cat.')] }],
    ['content_not_text', { messages: [user('Hi.'), { role: 'assistant', content: 5 }] }],
    ['no_assistant_turn', { messages: [user('Hi.')] }],
    ['no_assistant_turn', { messages: [assistant('Hello.'), user('Hi.')] }],
    ['no_assistant_turn', { messages: [] }],
    ['no_user_turn', { messages: [assistant('Hello.')] }],
    ['system_not_first', { messages: [user('Hi.'), { role: 'system', content: 'x' }, assistant('Hello.')] }],
    ['not_a_conversation', { messages: 'Hi there' }],
    ['not_a_conversation', { messages: [1, 2] }],
    ['not_a_conversation', { messages: '[{"role": "user"' }],
    ['not_a_conversation', {}],
    ['nul_character', { messages: [user('a\0b'), assistant('c')] }],
    ['row_too_long', { messages: [user('Hi.'), assistant('x'.repeat(limits.textRowCharactersMax))] }],
  ])('is refused as %s', (code, row) => {
    expect(faultOf(chat, row)).toBe(code);
  });
});

describe('a prompt and its completion', () => {
  test('become two turns, with the input behind the instruction', () => {
    expect(rowOf(pair, { instruction: 'Add.', input: '2, 2', output: 'Four.' })).toEqual({
      messages: [user('Add.\n\n2, 2'), assistant('Four.')],
    });
    expect(rowOf(pair, { instruction: 'Add.', output: ' Four.', system: 'Be brief.' })).toEqual({
      messages: [{ role: 'system', content: 'Be brief.' }, user('Add.'), assistant('Four.')],
    });
  });

  test('may be lists of turns', () => {
    const row = { instruction: [user('Hi.')], output: [assistant('Hello.'), user('More?'), assistant('No.')] };
    expect(rowOf(pair, row)).toEqual({ messages: [...row.instruction, ...row.output] });
  });

  test('may look like JSON and be text', () => {
    expect(rowOf(pair, { instruction: '[1, 2]', output: '{"sum": 3}' })).toEqual({
      messages: [user('[1, 2]'), assistant('{"sum": 3}')],
    });
  });

  test('must both have text', () => {
    expect(faultOf(pair, { instruction: ' ', output: 'x' })).toBe('empty_prompt');
    expect(faultOf(pair, { instruction: 'x', output: '' })).toBe('empty_completion');
  });
});

describe('a preference', () => {
  const row = { chosen: 'Hello.', prompt: [user('Hi.')], rejected: 'Go away.' };

  test('has the prompt as text, as turns, or before both answers', () => {
    expect(rowOf(preference, { prompt: 'Hi.', chosen: 'Hello.', rejected: 'Go away.' })).toEqual(row);
    expect(rowOf(preference, { ...row, chosen: [assistant('Hello.')], rejected: [assistant('Go away.')] })).toEqual(
      row,
    );
    const whole = (answer: string) => [user('Hi.'), assistant(answer)];
    expect(rowOf(preference, { chosen: whole('Hello.'), rejected: whole('Go away.') })).toEqual(row);
    expect(rowOf(preference, { prompt: 'other', chosen: whole('Hello.'), rejected: whole('Go away.') })).toEqual(row);
    expect(rowOf(preference, { prompt: { messages: [user('Hi.')] }, chosen: 'Hello.', rejected: 'Go away.' })).toEqual(
      row,
    );
  });

  test.each([
    ['answers_equal', { prompt: 'Hi.', chosen: 'Hello.', rejected: ' Hello. ' }],
    ['empty_prompt', { prompt: '', chosen: 'a', rejected: 'b' }],
    ['empty_completion', { prompt: 'Hi.', chosen: 'a', rejected: '' }],
    ['prompts_differ', { chosen: [user('a'), assistant('b')], rejected: [user('c'), assistant('d')] }],
    ['last_turn_not_assistant', { prompt: 'Hi.', chosen: [user('a')], rejected: 'b' }],
    ['prompt_not_a_question', { prompt: [user('Hi.'), assistant('Hello.')], chosen: 'a', rejected: 'b' }],
  ])('is refused as %s', (code, bad) => {
    expect(faultOf(preference, bad)).toBe(code);
  });
});

describe('a text with its class', () => {
  test('is kept with the class’s place', () => {
    expect(read(classes, { body: ' Buy\r\nnow ', kind: ' spam ' })).toMatchObject({
      row: { label: 'spam', text: 'Buy\nnow' },
      stratum: 1,
    });
  });

  test('is dropped without either', () => {
    expect(read(classes, { body: 'Buy now', kind: '' })).toBe('without_target');
    expect(read(classes, { body: 'Buy now', kind: 'eggs' })).toBe('without_target');
    expect(read(classes, { body: ' ', kind: 'ham' })).toBe('empty');
  });
});

test('any turns are a row with alternate turns from the user to the assistant, or a fault', () => {
  const turn = fc.record({
    role: fc.constantFrom('system', 'user', 'assistant', 'human', 'gpt', 'tool'),
    content: fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant(null)),
    weight: fc.constantFrom(0, 1, undefined),
  });
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 8 }), (messages) => {
      let row: ReturnType<typeof rowOf>;
      try {
        row = rowOf(chat, { messages });
      } catch (error) {
        expect(error).toBeInstanceOf(RowFault);
        return;
      }
      const turns = 'messages' in row ? row.messages : [];
      const spoken = turns[0]?.role === 'system' ? turns.slice(1) : turns;
      expect(spoken.length % 2).toBe(0);
      expect(spoken.map(({ role }) => role)).toEqual(spoken.map((_, at) => (at % 2 === 0 ? 'user' : 'assistant')));
      expect(turns.every(({ content }) => content !== '' && content === content.normalize('NFC').trim())).toBe(true);
      expect(rowOf(chat, row)).toEqual(row);
    }),
    { numRuns: 500 },
  );
});
