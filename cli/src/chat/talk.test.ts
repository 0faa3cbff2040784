import { ApiError } from '@agon/client';
import type { ChatCompletionChunk } from '@agon/contracts';
import { expect, test } from 'vitest';
import { Conversation } from './conversation.ts';
import { type ChatTerminal, talk } from './talk.ts';

type Asked = { messages: { role: string; content: string }[]; temperature?: number };
type Reply = readonly string[] | ApiError;

const frame = (content: string, more: object = {}) =>
  ({ choices: [{ index: 0, delta: { content }, finish_reason: null, ...more }] }) as unknown as ChatCompletionChunk;

/** A model that says these things in turn, word by word, until it is stopped. */
function modelOf(replies: Reply[], asked: Asked[] = []) {
  const stream = async function* (input: unknown, { signal }: { signal: AbortSignal }) {
    asked.push(input as Asked);
    const reply = replies.shift() ?? [];
    if (reply instanceof ApiError) throw reply;
    for (const word of reply) {
      signal.throwIfAborted();
      yield frame(word);
    }
    signal.throwIfAborted();
    yield frame('', { finish_reason: 'stop' });
  };
  return { chat: { stream, create: () => Promise.reject(new Error('not here')) } } as never;
}

/** A person who types these lines, and interrupts where a word is heard. */
function personOf(lines: string[], interruptAt?: string) {
  const shown: string[] = [];
  let stop: (() => void) | undefined;
  const terminal: ChatTerminal = {
    ask: async () => lines.shift(),
    write: (text) => {
      shown.push(text);
      if (text === interruptAt) stop?.();
    },
    onInterrupt: (stopIt) => {
      stop = stopIt;
      return () => {
        stop = undefined;
      };
    },
  };
  return { terminal, shown };
}

test('what was said goes along with what is said next, the system first', async () => {
  const asked: Asked[] = [];
  const model = modelOf([['Hel', 'lo.'], ['Well.']], asked);
  const conversation = new Conversation(model, { model: 'm', system: 'Be kind.', temperature: 0 });
  const { terminal, shown } = personOf(['Hi', '  ', 'How are you?', '/exit', 'never read']);
  await talk(conversation, terminal);
  expect(shown.join('')).toBe('Hello.\n\nWell.\n\n');
  expect(asked[1]).toMatchObject({ temperature: 0 });
  expect(asked[1]?.messages.map(({ role, content }) => `${role}: ${content}`)).toEqual([
    ...['system: Be kind.', 'user: Hi', 'assistant: Hello.', 'user: How are you?'],
  ]);
});

test('an interrupted answer is kept as far as it came, and the talk goes on', async () => {
  const asked: Asked[] = [];
  const conversation = new Conversation(modelOf([['one ', 'two ', 'three'], ['four']], asked), { model: 'm' });
  const { terminal, shown } = personOf(['Count', 'On'], 'two ');
  await talk(conversation, terminal);
  expect(shown.join('')).toBe('one two  … (stopped)\n\nfour\n\n');
  expect(asked[1]?.messages[1]).toEqual({ role: 'assistant', content: 'one two ' });
});

test('a refused turn is shown and forgotten', async () => {
  const refusal = new ApiError('Too long.', { status: 400, code: 'context_length_exceeded' });
  const conversation = new Conversation(modelOf([refusal, ['Yes']]), { model: 'm' });
  const { terminal, shown } = personOf(['a novel', 'short']);
  await talk(conversation, terminal);
  expect(shown.join('')).toBe('context_length_exceeded: Too long.\n\nYes\n\n');
  expect(conversation.messages.map(({ content }) => content)).toEqual(['short', 'Yes']);
});

test('/clear begins anew', async () => {
  const conversation = new Conversation(modelOf([['Hello.']]), { model: 'm' });
  await talk(conversation, personOf(['Hi', '/clear']).terminal);
  expect(conversation.messages).toEqual([]);
});
