import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Writable } from 'node:stream';

export type Seen = { readonly method: string; readonly url: string; readonly range: string | undefined };

/** What may happen to one message: its body ends after so many bytes, with its connection. */
type Break = { readonly of: 'request' | 'response'; readonly bytes: number };

/**
 * Stands in front of the service and hears every request. The first that `breaks` names is cut off in the middle; the
 * next ones go through.
 */
export async function breakingProxy(serviceUrl: string, breaks: (seen: Seen) => Break | undefined) {
  const target = new URL(serviceUrl);
  const seen: Seen[] = [];
  let broken = false;

  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { method = '', url = '', headers } = incoming;
    seen.push({ method, url, range: headers.range });
    const at = broken ? undefined : breaks({ method, url, range: headers.range });
    broken ||= at !== undefined;
    const forward = request({ host: target.hostname, port: target.port, method, path: url, headers });
    const cut = (): void => {
      forward.destroy();
      incoming.socket.destroy();
    };
    forward.on('error', cut);
    forward.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      if (at?.of === 'response') cutAfter(answer, outgoing, at.bytes, cut);
      else answer.pipe(outgoing);
    });
    if (at?.of === 'request') cutAfter(incoming, forward, at.bytes, cut);
    else incoming.pipe(forward);
  };
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}`, seen, close, hasBroken: () => broken };
}

/** Passes so many bytes on, no faster than they are taken, and cuts when the last of them is on its way. */
function cutAfter(from: IncomingMessage, to: Writable, bytes: number, cut: () => void): void {
  let passed = 0;
  from.on('data', (chunk: Buffer) => {
    passed += chunk.length;
    const isLast = passed >= bytes;
    from.pause();
    to.write(chunk, () => (isLast ? cut() : from.resume()));
  });
}
