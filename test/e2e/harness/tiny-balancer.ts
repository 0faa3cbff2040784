import { once } from 'node:events';
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type TinyBalancer = { readonly url: string; readonly close: () => Promise<void> };

const lookMs = 100;

/**
 * What a deployment has before its replicas, at its smallest: asks each for /readyz, sends a request to those that are ready in
 * turn, over a connection of its own, and to the next one where a connection is refused. It repeats nothing that was begun.
 */
export async function tinyBalancer(urls: readonly string[]): Promise<TinyBalancer> {
  const ready = new Set<string>(urls);
  let turn = 0;
  const look = async (): Promise<void> => {
    for (const url of urls) {
      const ok = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) }).then(
        (response) => response.body?.cancel().then(() => response.ok) ?? response.ok,
        () => false,
      );
      if (ok) ready.add(url);
      else ready.delete(url);
    }
  };
  const timer = setInterval(() => void look(), lookMs);
  const server = createServer((incoming, outgoing) => {
    turn += 1;
    const known = urls.filter((url) => ready.has(url));
    const order = (known.length > 0 ? known : urls).map((_, index, all) => all[(index + turn) % all.length] ?? '');
    forward(incoming, outgoing, order);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      clearInterval(timer);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, order: readonly string[]): void {
  const [first, ...rest] = order;
  if (first === undefined) {
    outgoing.writeHead(502).end();
    return;
  }
  const { method, headers, url } = incoming;
  const upstream = ask(`${first}${url}`, { method, headers: { ...headers, connection: 'close' }, agent: false });
  upstream.once('response', (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(outgoing);
  });
  upstream.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNREFUSED') forward(incoming, outgoing, rest);
    else outgoing.destroy();
  });
  upstream.once('socket', (socket) => socket.once('connect', () => incoming.pipe(upstream)));
}
