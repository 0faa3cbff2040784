import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service that answers and knows no miner. */
export async function quietService(): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const known = request.url === '/healthz';
    response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' });
    const error = { message: 'unknown', type: 'authentication_error', param: null, code: 'miner_not_registered' };
    response.end(JSON.stringify(known ? { status: 'ok' } : { error }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { url: `http://127.0.0.1:${port}`, stop };
}
