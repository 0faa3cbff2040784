import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What must answer for a service to be of use, by name. */
export type HealthChecks = Readonly<Record<string, () => Promise<unknown>>>;

const checkMsMax = 3_000;

/** Names of the checks that fail or take longer than `msMax`. */
export async function failingChecks(checks: HealthChecks, msMax = checkMsMax): Promise<string[]> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((_, reject) => {
        timer = setTimeout(reject, msMax, new Error('late'));
      });
      return Promise.race([check(), late])
        .then(
          () => [],
          () => [name],
        )
        .finally(() => clearTimeout(timer));
    }),
  );
  return results.flat();
}

/**
 * Answers `GET /healthz` (the process turns its loop) and `GET /readyz` (what it needs answers too) for a service that
 * has no other port. Listens on every address: probes come from outside of the container. Port 0 takes a free one.
 */
export async function serveHealth(options: {
  port: number;
  checks: HealthChecks;
}): Promise<{ port: number; close: () => Promise<void> }> {
  const { checks } = options;
  const server = createServer((request, response) => {
    if (request.method !== 'GET') return answer(response, 405, { status: 'refused' });
    if (request.url === '/healthz') return answer(response, 200, { status: 'ok' });
    if (request.url !== '/readyz') return answer(response, 404, { status: 'not_found' });
    void failingChecks(checks).then((failing) =>
      answer(response, failing.length > 0 ? 503 : 200, { status: failing.length > 0 ? 'not_ready' : 'ready', failing }),
    );
  });
  server.setTimeout(2 * checkMsMax);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
