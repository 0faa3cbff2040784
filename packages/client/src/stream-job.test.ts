import { expect, test } from 'vitest';
import { createClient } from './client.ts';
import { readServerSentEvents } from './server-sent-events.ts';

const event = (sequence: number): string =>
  `id: ${sequence}\nevent: job.event\ndata: {"sequence":${sequence},"type":"t"}\n\n`;

async function* pieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let start = 0; start < bytes.length; start += size) yield bytes.slice(start, start + size);
}

test.each([1, 3, 1_000])('frames are read whole from pieces of %i bytes, comments dropped', async (size) => {
  const text = `: beat\n\n${event(1)}event: progress\r\ndata: {"a":"ü"}\r\n\r\ndata: two\ndata: lines\n\n`;
  const frames = [];
  for await (const frame of readServerSentEvents(pieces(text, size))) frames.push(frame);
  expect(frames).toEqual([
    { event: 'job.event', id: '1', data: '{"sequence":1,"type":"t"}' },
    { event: 'progress', id: null, data: '{"a":"ü"}' },
    { event: 'message', id: null, data: 'two\nlines' },
  ]);
});

test('a broken stream is taken up after the last event that was seen', async () => {
  const asked: (string | null)[] = [];
  const answers = [event(1) + event(2), `${event(3)}event: end\ndata: {}\n\n`];
  const fetchOnce: typeof fetch = async (_url, init) => {
    asked.push(new Headers(init?.headers).get('last-event-id'));
    return new Response(answers.shift(), { headers: { 'content-type': 'text/event-stream' } });
  };
  const client = createClient({ baseUrl: 'http://service.invalid', fetch: fetchOnce });
  const sequences: number[] = [];
  for await (const item of client.jobs.stream('job_1')) if (item.kind === 'event') sequences.push(item.event.sequence);
  expect(sequences).toEqual([1, 2, 3]);
  expect(asked).toEqual([null, '2']);
});

test('a refusal ends the stream with its code', async () => {
  const body = JSON.stringify({
    error: { message: 'No such job.', type: 'not_found_error', param: null, code: 'job_not_found' },
  });
  const client = createClient({
    baseUrl: 'http://service.invalid',
    fetch: async () => new Response(body, { status: 404 }),
  });
  await expect(client.jobs.stream('job_1').next()).rejects.toMatchObject({ code: 'job_not_found', status: 404 });
});

test('a service that is away is said to be unreachable, and worth another try', async () => {
  const away: typeof fetch = async () => Promise.reject(new TypeError('fetch failed'));
  const client = createClient({ baseUrl: 'http://service.invalid', fetch: away });
  await expect(client.jobs.list()).rejects.toMatchObject({ code: 'unreachable', retryable: true });
});
