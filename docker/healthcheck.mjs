/**
 * A container's health check, for images without curl: `node healthcheck.mjs` asks /healthz of the service in the same
 * container, `node healthcheck.mjs tcp:27017` opens a connection. Code 0 is healthy, 1 is not; the reason is on stderr.
 */
import { connect } from 'node:net';

const msMax = 4_000;
const [, , target = `http://127.0.0.1:${process.env.HEALTH_PORT ?? process.env.PORT ?? 8080}/healthz`] = process.argv;

const end = (code, reason) => {
  if (reason) process.stderr.write(`${target}: ${reason}\n`);
  process.exit(code);
};

if (target.startsWith('tcp:')) {
  const socket = connect({ host: '127.0.0.1', port: Number(target.slice('tcp:'.length)), timeout: msMax });
  socket.once('connect', () => end(0));
  socket.once('timeout', () => end(1, 'no answer'));
  socket.once('error', (error) => end(1, error.message));
} else {
  fetch(target, { signal: AbortSignal.timeout(msMax) }).then(
    (response) => end(response.ok ? 0 : 1, response.ok ? undefined : `status ${response.status}`),
    (error) => end(1, error.cause?.message ?? error.message),
  );
}
