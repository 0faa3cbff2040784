import { expect, test } from 'vitest';
import type { ApiError } from './api-error.ts';
import { createClient } from './client.ts';

const input = { model: 'org/base', messages: [{ role: 'user' as const, content: 'hello' }] };
const chunk = (content: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
const usage = 'data: {"choices":[],"usage":{"total_tokens":7}}\n\n';

/** A client of a service that streams this text. */
function clientOf(text: string, asked: unknown[] = []) {
  const fetchOnce: typeof fetch = async (_url, init) => {
    asked.push(JSON.parse(String(init?.body)));
    return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
  };
  return createClient({ baseUrl: 'http://service.invalid', fetch: fetchOnce });
}

async function textOf(text: string): Promise<string> {
  let said = '';
  for await (const { choices } of clientOf(text).chat.stream(input)) said += choices[0]?.delta.content ?? '';
  return said;
}

test('an answer comes frame by frame, with its usage at the end', async () => {
  const asked: unknown[] = [];
  const frames = [];
  const client = clientOf(`: the model is at work\n\n${chunk('he')}${chunk('llo')}${usage}data: [DONE]\n\n`, asked);
  for await (const frame of client.chat.stream(input)) frames.push(frame);
  expect(frames.map(({ choices }) => choices[0]?.delta.content)).toEqual(['he', 'llo', undefined]);
  expect(frames.at(-1)?.usage?.total_tokens).toBe(7);
  expect(asked).toEqual([{ ...input, stream: true }]);
});

test('a frame with an error throws what the service says', async () => {
  const error = { message: 'It crashed.', type: 'service_unavailable_error', param: null, code: 'model_unavailable' };
  const failed = textOf(`${chunk('he')}data: ${JSON.stringify({ error })}\n\n`);
  await expect(failed).rejects.toMatchObject({ code: 'model_unavailable', message: 'It crashed.', retryable: true });
});

test('an answer that ends early is no whole answer', async () => {
  await expect(textOf(chunk('he'))).rejects.toMatchObject({
    code: 'unreachable',
    status: 0,
  } satisfies Partial<ApiError>);
});
