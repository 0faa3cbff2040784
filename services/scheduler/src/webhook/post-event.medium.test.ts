import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { eventPoster, type Resolve } from './post-event.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A target on this machine; answers its port and what was posted to it. */
async function target(listener: RequestListener): Promise<{ port: number; heard: () => number }> {
  let count = 0;
  const server = createServer((request, response) => {
    count += 1;
    listener(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, heard: () => count };
}

const to = (url: string) => ({
  url,
  headers: { 'content-type': 'application/json', 'webhook-id': 'evt_1' },
  body: '{}',
});
const lenient = eventPoster({ privateAddresses: true, attemptMs: 300 });
/** A name server of the test: every name has these addresses. */
const names =
  (...addresses: string[]): Resolve =>
  (_, answer) =>
    answer(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
const strict = (...addresses: string[]) =>
  eventPoster({ privateAddresses: false, attemptMs: 300, resolve: names(...addresses) });

describe('a target', () => {
  test('gets the body as it was signed', async () => {
    const seen: unknown[] = [];
    const { port } = await target(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      seen.push([request.method, request.url, request.headers['webhook-id'], Buffer.concat(chunks).toString()]);
      response.writeHead(204).end();
    });
    expect(await lenient(to(`http://127.0.0.1:${port}/hook?a=1`))).toMatchObject({ status: 204 });
    expect(seen).toEqual([['POST', '/hook?a=1', 'evt_1', '{}']]);
  });

  test('that never answers is left after the time of an attempt', async () => {
    const { port } = await target(() => undefined);
    const answer = await lenient(to(`http://127.0.0.1:${port}/`));
    expect(answer).toMatchObject({ status: null, message: expect.stringContaining('did not answer within') });
  });

  test('that answers without an end is left at the bound', async () => {
    let sent = 0;
    const { port } = await target((_, response) => {
      const piece = Buffer.alloc(8_192, 'a');
      const more = () => {
        sent += 1;
        if (!response.destroyed && sent < 100_000) response.write(piece, more);
      };
      response.writeHead(200);
      more();
    });
    expect(await lenient(to(`http://127.0.0.1:${port}/`))).toMatchObject({ status: 200 });
    expect(sent).toBeLessThan(100_000);
  });

  test('that redirects is not followed', async () => {
    const other = await target((_, response) => response.end());
    const { port } = await target((_, response) => {
      response.writeHead(307, { location: `http://127.0.0.1:${other.port}/` }).end();
    });
    const answer = await lenient(to(`http://127.0.0.1:${port}/`));
    expect(answer).toEqual({ status: 307, message: 'The target answered 307; redirects are not followed.' });
    expect(other.heard()).toBe(0);
  });

  test('that is not there is told as such', async () => {
    expect(await lenient(to('http://127.0.0.1:1/'))).toMatchObject({
      status: null,
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

describe('private addresses', () => {
  test.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1'])(
    'http://%s is refused without a connection',
    async (host) => {
      const { port, heard } = await target((_, response) => response.end());
      const answer = await strict('127.0.0.1')(to(`http://${host}:${port}/`));
      expect(answer).toMatchObject({ status: null, message: expect.stringContaining('is not a public address') });
      expect(heard()).toBe(0);
    },
  );

  test.each([
    ['a name that leads to one', ['127.0.0.1']],
    ['a name of which one of several addresses is', ['93.184.216.34', '127.0.0.1']],
  ])('%s is refused', async (_, addresses) => {
    const { port, heard } = await target((_request, response) => response.end());
    const answer = await strict(...addresses)(to(`http://hook.example:${port}/`));
    expect(answer.message).toBe('Nothing was sent: 127.0.0.1 is not a public address.');
    expect(heard()).toBe(0);
  });

  test('a name that leads elsewhere a moment later is connected to where it was checked', async () => {
    const { port, heard } = await target((_, response) => response.end());
    const asked: string[] = [];
    const rebinding: Resolve = (hostname, answer) => {
      asked.push(hostname);
      answer(null, [{ address: asked.length === 1 ? '192.0.0.255' : '127.0.0.1', family: 4 }]);
    };
    const post = eventPoster({ privateAddresses: false, attemptMs: 300, resolve: rebinding });
    expect(await post(to(`http://hook.example:${port}/`))).toMatchObject({ status: null });
    expect([asked, heard()]).toEqual([['hook.example'], 0]);
  });
});
