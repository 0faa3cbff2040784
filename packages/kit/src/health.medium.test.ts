import { expect, onTestFinished, test } from 'vitest';
import { failingChecks, type HealthChecks, serveHealth } from './health.ts';

async function served(checks: HealthChecks): Promise<(path: string) => Promise<{ status: number; body: unknown }>> {
  const health = await serveHealth({ port: 0, checks });
  onTestFinished(() => health.close());
  return async (path) => {
    const response = await fetch(`http://127.0.0.1:${health.port}${path}`);
    return { status: response.status, body: await response.json() };
  };
}

const works = async (): Promise<void> => undefined;
const fails = async (): Promise<void> => Promise.reject(new Error('out of reach'));

test('a process is healthy while what it needs is gone, and not ready', async () => {
  const get = await served({ database: works, queue: fails });
  expect(await get('/healthz')).toEqual({ status: 200, body: { status: 'ok' } });
  expect(await get('/readyz')).toEqual({ status: 503, body: { status: 'not_ready', failing: ['queue'] } });
});

test('a service whose needs answer is ready; nothing else is served', async () => {
  const get = await served({ database: works });
  expect(await get('/readyz')).toEqual({ status: 200, body: { status: 'ready', failing: [] } });
  expect((await get('/metrics')).status).toBe(404);
});

test('a check that never ends counts as failing', async () => {
  const never = (): Promise<void> => new Promise(() => undefined);
  expect(await failingChecks({ database: never, queue: works }, 5)).toEqual(['database']);
});
