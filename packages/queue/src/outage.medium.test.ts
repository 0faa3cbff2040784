import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { silentLog } from '@agon/kit';
import { cuttableProxy, privateRedis, testRedis } from '@agon/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type ConnectedQueue, connectQueue } from './connect-queue.ts';
import { closeRedis, openRedis } from './connection.ts';
import { startSchedule } from './start-schedule.ts';
import { startWorkers } from './start-workers.ts';

const log = silentLog;
const jobId = 'job_00000001';
const closers: { close(): Promise<void> }[] = [];
let server: Awaited<ReturnType<typeof privateRedis>>;

beforeAll(async () => {
  server = await privateRedis();
});
afterEach(async () => {
  for (const closer of closers.splice(0).toReversed()) await closer.close();
});
afterAll(() => server.stop());

const own = () => ({ redisUrl: server.redisUrl, prefix: testRedis().prefix, log });
const kept = <T extends { close(): Promise<void> }>(closer: T): T => {
  closers.push(closer);
  return closer;
};
const connected = async (settings = own()): Promise<ConnectedQueue> => kept(await connectQueue(settings));

async function flushAll(): Promise<void> {
  const redis = openRedis(server.redisUrl, 'producer', log);
  await redis.flushall();
  await closeRedis(redis);
}

it('says not_ready within a bound where no Redis answers', async () => {
  const options = { redisUrl: 'redis://127.0.0.1:9', log };
  await expect(connectQueue(options)).rejects.toMatchObject({ code: 'not_ready' });
});

it('says not_ready while Redis is away, and works again when it is back', async () => {
  const settings = own();
  const proxy = kept(await cuttableProxy(settings.redisUrl));
  const queue = await connected({ ...settings, redisUrl: proxy.url });
  const heard: unknown[] = [];
  queue.onSignal((signal) => heard.push(signal));
  proxy.cut();
  await expect(queue.ping()).rejects.toMatchObject({ code: 'not_ready' });
  await expect(queue.add('job.judge', { jobId })).rejects.toMatchObject({ code: 'not_ready' });
  await expect(queue.signal({ kind: 'seats', jobId })).rejects.toMatchObject({ code: 'not_ready' });
  proxy.restore();
  await expect
    .poll(
      () =>
        queue.ping().then(
          () => 'up',
          () => 'down',
        ),
      { timeout: 10_000 },
    )
    .toBe('up');
  await queue.add('job.judge', { jobId: 'job_00000002' });
  expect((await queue.counts())['job.judge'].waiting).toBeGreaterThanOrEqual(1);
  const signalled = async () => {
    await queue.signal({ kind: 'seats', jobId });
    return heard.length;
  };
  await expect.poll(signalled, { timeout: 10_000 }).toBeGreaterThan(0);
});

it('refuses at once when Redis is away for longer, and closes in good time', async () => {
  const settings = own();
  const proxy = kept(await cuttableProxy(settings.redisUrl));
  let nowMs = 1_000;
  const queue = await connectQueue({ ...settings, redisUrl: proxy.url, clock: { nowMs: () => nowMs } });
  proxy.cut();
  await expect(queue.ping()).rejects.toMatchObject({ code: 'not_ready' });
  nowMs += 1_001;
  const add = queue.add('job.judge', { jobId });
  // Whoever waited would be served now.
  proxy.restore();
  await expect(add).rejects.toMatchObject({ code: 'not_ready' });
  proxy.cut();
  await queue.close();
});

it('begins its work when Redis comes up after the worker', async () => {
  const settings = own();
  const proxy = kept(await cuttableProxy(settings.redisUrl));
  proxy.cut();
  const seen: string[] = [];
  const handle = async ({ jobId: id }: { jobId: string }) => {
    seen.push(id);
    return 'done' as const;
  };
  kept(startWorkers({ ...settings, redisUrl: proxy.url, handlers: { 'job.judge': handle } }));
  const queue = await connected(settings);
  await queue.add('job.judge', { jobId });
  proxy.restore();
  await expect.poll(() => seen, { timeout: 20_000 }).toEqual([jobId]);
});

it('does work again after Redis was away from a worker', async () => {
  const settings = own();
  const proxy = kept(await cuttableProxy(settings.redisUrl));
  const queue = await connected(settings);
  const seen: string[] = [];
  const handle = async ({ jobId: id }: { jobId: string }) => {
    seen.push(id);
    return 'done' as const;
  };
  kept(startWorkers({ ...settings, redisUrl: proxy.url, handlers: { 'job.judge': handle } }));
  await queue.add('job.judge', { jobId: 'before' });
  await expect.poll(() => seen).toEqual(['before']);
  proxy.cut();
  await queue.add('job.judge', { jobId: 'meanwhile' });
  proxy.restore();
  await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['before', 'meanwhile']);
});

it('goes on after everything in Redis was lost, when the work is added again', async () => {
  const settings = own();
  const queue = await connected(settings);
  const seen: string[] = [];
  let finish: () => void = () => undefined;
  const handle = async ({ jobId: id }: { jobId: string }) => {
    seen.push(id);
    if (seen.length === 1)
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
    return 'done' as const;
  };
  kept(startWorkers({ ...settings, handlers: { 'job.judge': handle }, closeMs: 1_000 }));
  await queue.add('job.judge', { jobId: 'held' });
  await expect.poll(() => seen).toEqual(['held']);
  await queue.add('job.judge', { jobId: 'later' }, { delayMs: 60_000 });
  await flushAll();
  // Also what was being done when all was lost may be added again.
  await queue.add('job.judge', { jobId: 'held' });
  await queue.add('job.judge', { jobId: 'other' });
  await expect.poll(() => seen.toSorted(), { timeout: 20_000 }).toEqual(['held', 'held', 'other']);
  finish();
});

it('asks for scheduled work once a period, also from two processes and after everything was lost', async () => {
  const settings = own();
  let nowMs = 1_000;
  const clock = { nowMs: () => nowMs };
  let runs = 0;
  const reconcile = async () => {
    runs += 1;
    return 'done' as const;
  };
  kept(startWorkers({ ...settings, handlers: { reconcile } }));
  const schedule = () => kept(startSchedule({ ...settings, clock, every: { reconcile: 100 } }));
  schedule();
  schedule();
  await expect.poll(() => runs).toBe(1);
  await flushAll();
  nowMs += 100;
  await expect.poll(() => runs, { timeout: 10_000 }).toBe(2);
});

it('delivers the work of a killed worker process to another', async () => {
  const settings = own();
  const queue = await connected(settings);
  const script = `
    import { startWorkers } from '@agon/queue/worker';
    import { silentLog } from '@agon/kit';
    const handle = () => { console.log('begun'); return new Promise(() => undefined); };
    const [redisUrl, prefix] = process.argv.slice(1);
    startWorkers({ redisUrl, prefix, log: silentLog, lockMs: 1000, handlers: { 'run.score': handle } });`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, settings.redisUrl, settings.prefix], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await queue.add('run.score', { runId: 'run_00000001' });
  await once(createInterface(child.stdout), 'line');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const seen: string[] = [];
  const handle = async ({ runId }: { runId: string }) => {
    seen.push(runId);
    return 'done' as const;
  };
  kept(startWorkers({ ...settings, lockMs: 1_000, handlers: { 'run.score': handle } }));
  await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['run_00000001']);
});
