import type { TextColumns } from '@agon/contracts';
import { describe, expect, test } from 'vitest';
import { columnsOf, findTextLayout } from './text-layout.ts';

function layoutOf(task: 'chat' | 'preference', names: string[], columns: TextColumns = {}) {
  const found = findTextLayout({ task, names, columns });
  if (!found.ok) throw new Error(found.error.message);
  return found.layout;
}

function messageOf(task: 'chat' | 'preference', names: string[], columns: TextColumns = {}): string {
  const found = findTextLayout({ task, names, columns });
  if (found.ok) throw new Error('found');
  expect(found.error.code).toBe('dataset_invalid');
  return found.error.message;
}

describe('findTextLayout', () => {
  test.each([
    [['messages'], { shape: 'messages', messages: 'messages' }],
    [['id', 'conversations', 'source'], { shape: 'messages', messages: 'conversations' }],
    [['prompt', 'completion'], { shape: 'pair', prompt: 'prompt', input: null, completion: 'completion' }],
    [
      ['instruction', 'input', 'output'],
      { shape: 'pair', prompt: 'instruction', input: 'input', completion: 'output' },
    ],
    [['question', 'answer'], { shape: 'pair', prompt: 'question', input: null, completion: 'answer' }],
    [['messages', 'prompt', 'completion'], { shape: 'messages', messages: 'messages' }],
  ])('finds a conversation in %j', (names, layout) => {
    expect(layoutOf('chat', names)).toMatchObject(layout);
  });

  test('finds chosen and rejected answers, with a prompt or without', () => {
    const usual = { task: 'preference', system: 'system', prompt: 'prompt', chosen: 'chosen', rejected: 'rejected' };
    expect(layoutOf('preference', ['prompt', 'chosen', 'rejected'])).toEqual(usual);
    expect(layoutOf('preference', ['chosen', 'rejected'])).toEqual(usual);
    expect(layoutOf('preference', ['input', 'preferred_output', 'non_preferred_output'])).toMatchObject({
      prompt: 'input',
      chosen: 'preferred_output',
    });
  });

  test('takes the names that the client gives before the usual ones', () => {
    expect(layoutOf('chat', ['messages', 'thread'], { messages: 'thread' })).toMatchObject({ messages: 'thread' });
    expect(
      layoutOf('chat', ['q', 'a', 'input', 'persona'], { prompt: 'q', completion: 'a', system: 'persona' }),
    ).toEqual({
      task: 'chat',
      shape: 'pair',
      system: 'persona',
      prompt: 'q',
      input: null,
      completion: 'a',
    });
    expect(layoutOf('chat', ['messages', 'q', 'completion'], { prompt: 'q' })).toMatchObject({ prompt: 'q' });
    expect(layoutOf('preference', ['q', 'chosen', 'bad'], { prompt: 'q', rejected: 'bad' })).toMatchObject({
      prompt: 'q',
      chosen: 'chosen',
      rejected: 'bad',
    });
  });

  test('names what it looked for and what there is', () => {
    expect(messageOf('chat', ['body', 'reply'])).toMatch(/`messages`.*"body", "reply".*`columns`/);
    expect(messageOf('preference', ['prompt', 'chosen'])).toContain('`rejected`');
  });

  test('guesses the name that was meant, and refuses parts that the task does not have', () => {
    expect(messageOf('chat', ['mesages'], { messages: 'messages' })).toContain('Did you mean "mesages"?');
    expect(messageOf('chat', ['messages', 'x'], { chosen: 'x' })).toContain('nothing that chat reads');
    expect(messageOf('preference', ['chosen', 'rejected', 'x'], { text: 'x' })).toContain('nothing that preference');
  });

  test('tells the columns that are read', () => {
    expect([...columnsOf(layoutOf('chat', ['instruction', 'output']))].sort()).toEqual([
      'input',
      'instruction',
      'output',
      'system',
    ]);
  });
});
