import { expect, test } from 'vitest';
import { createMinerClient } from './miner-client.ts';

const elsewhere = 'http://store.test/blob?signature=1';

/** A service that sends to `location`, and a store that answers `store`. */
function world(input: { location?: string; store?: () => Promise<Response>; baseUrl?: string }) {
  const asked: { url: string; headers: Record<string, string> }[] = [];
  const baseUrl = input.baseUrl ?? 'http://service.test';
  const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    asked.push({ url: String(url), headers: init?.headers as Record<string, string> });
    if (!String(url).startsWith(baseUrl)) return (input.store ?? (async () => new Response('from the store')))();
    if (String(url).endsWith('?via=service')) return new Response('from the service');
    return new Response(null, { status: 307, headers: { location: input.location ?? elsewhere } });
  };
  const client = createMinerClient({ baseUrl, fetch, sign: () => ({ signature: 'ours' }) });
  return { client, asked };
}

const textOf = async (response: Promise<Response>): Promise<string> => (await response).text();

test('data comes from where the service sends the miner, who says nothing of itself there', async () => {
  const { client, asked } = world({});
  expect(await textOf(client.data('/v1/data', { from: 7 }))).toBe('from the store');
  expect(asked).toEqual([
    { url: 'http://service.test/v1/data', headers: { signature: 'ours', range: 'bytes=7-' } },
    { url: elsewhere, headers: { range: 'bytes=7-' } },
  ]);
});

test.each([
  ['cannot be reached', { store: () => Promise.reject(new TypeError('fetch failed')) }],
  ['refuses', { store: async () => new Response('expired', { status: 403 }) }],
  ['is no address of the web', { location: 'file:///etc/passwd' }],
  ['is without TLS, unlike the service', { baseUrl: 'https://service.test' }],
])('data comes through the service where the place it sends to %s', async (_, input) => {
  expect(await textOf(world(input).client.data('/v1/data'))).toBe('from the service');
});

test('a miner that asks for it gets data through the service at once', async () => {
  const { client, asked } = world({});
  expect(await textOf(client.data('/v1/data', { viaService: true }))).toBe('from the service');
  expect(asked).toHaveLength(1);
});

test('a miner that gives up does not go on through the service', async () => {
  const abort = new AbortController();
  const { client } = world({ store: () => Promise.reject(new DOMException('aborted', 'AbortError')) });
  abort.abort(new Error('the owner stops'));
  await expect(client.data('/v1/data', { signal: abort.signal })).rejects.toThrow('the owner stops');
});
