import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const headersMsMax = 20_000;
/** Without a byte in either direction. Longer than a long poll and the beat of a stream. */
const silenceMsMax = 120_000;
/** Longer than load balancers keep idle connections, so that they close first. */
const keepAliveMs = 75_000;
const headersCountMax = 100;
/** What may wait in a connection, each way: with Node's 64 KiB, uploads spend their time on small pieces. */
const waitingBytesMax = 256 * 1024;
const idleLookMs = 50;

export type Listening = {
  readonly server: Server;
  readonly url: string;
  /** Takes no new connection and waits for the running requests; cuts what is left after `waitMs`. */
  readonly close: (waitMs: number) => Promise<void>;
};

/**
 * Listens. A request may take as long as its bytes keep coming: datasets are large. Headers may not, and neither may JSON
 * bodies (see read-body.ts).
 */
export async function listen(app: RequestListener, address: { host: string; port: number }): Promise<Listening> {
  const times = { requestTimeout: 0, headersTimeout: headersMsMax, keepAliveTimeout: keepAliveMs };
  const server = createServer({ ...times, highWaterMark: waitingBytesMax }, app);
  server.maxHeadersCount = headersCountMax;
  server.setTimeout(silenceMsMax);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  const { port, family, address: host } = server.address() as AddressInfo;
  const url = `http://${family === 'IPv6' ? `[${host}]` : host}:${port}`;
  return { server, url, close: (waitMs) => closeServer(server, waitMs) };
}

async function closeServer(server: Server, waitMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // A connection that is kept alive becomes idle only after its answer.
  const idle = setInterval(() => server.closeIdleConnections(), idleLookMs);
  const cut = setTimeout(() => server.closeAllConnections(), waitMs);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}
