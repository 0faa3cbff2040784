import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServiceProcess } from '@agon/cli/service-process';
import { createClient } from '@agon/client';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { freePort } from './harness/free-port.ts';
import { startService, type TestService } from './harness/service.ts';
import { tinyBalancer } from './harness/tiny-balancer.ts';

/** Of each of the clients that run side by side, on this machine's own addresses; the restarts end it earlier. */
const requestsMax = 2_000;
const clients = 4;
const restarts = 2;

let service: TestService;

beforeAll(async () => {
  service = await startService();
});
afterAll(() => service?.stop());

test('of two replicas of the api one may be restarted under load, and no request is lost', async () => {
  const ports = [await freePort(), await freePort()];
  const replica = (port: number): ServiceProcess =>
    new ServiceProcess({
      name: 'api',
      env: {
        PATH: process.env.PATH ?? '',
        ...service.stack.servers,
        ARTIFACTS_DIR: join(service.folder, 'artifacts'),
        PORT: String(port),
        BOOTSTRAP_ADMIN_KEY: service.stack.adminKey,
        REQUESTS_PER_MINUTE: '1000000',
        DRAIN_SECONDS: '1',
      },
      logPath: join(service.folder, 'logs', `api-${port}.log`),
    });
  const first = replica(ports[0] ?? 0);
  let second = replica(ports[1] ?? 0);
  await Promise.all([first.start(), second.start()]);
  onTestFinished(() => Promise.all([first.stop(), second.stop()]).then(() => undefined));
  const balancer = await tinyBalancer(ports.map((port) => `http://127.0.0.1:${port}`));
  onTestFinished(() => balancer.close());

  const failures: unknown[] = [];
  const uploaded: string[] = [];
  let running = true;
  async function load(index: number): Promise<void> {
    const client = createClient({ baseUrl: balancer.url, apiKey: service.stack.adminKey });
    for (let count = 0; count < requestsMax && running; count += 1) {
      try {
        const writes = count % 5 === 0;
        if (writes) uploaded.push((await client.files.create(new Blob([`a,b\n${index},${count}\n`]), 'rows.csv')).id);
        else await client.jobs.list();
        await sleep(10);
      } catch (error) {
        failures.push(error);
      }
    }
  }
  async function restart(): Promise<void> {
    for (let count = 0; count < restarts; count += 1) {
      await second.stop();
      second = replica(ports[1] ?? 0);
      await second.start();
    }
    running = false;
  }
  await Promise.all([restart(), ...Array.from({ length: clients }, (_, index) => load(index))]);

  expect(failures).toEqual([]);
  expect(uploaded.length).toBeGreaterThan(clients);
  expect(new Set(uploaded).size).toBe(uploaded.length);
  const client = createClient({ baseUrl: balancer.url, apiKey: service.stack.adminKey });
  for (const id of uploaded) expect((await client.files.retrieve(id)).id).toBe(id);
});
