import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, jobCatalog, type QueueHandlers, type Signal } from '@agon/contracts';
import { silentLog } from '@agon/kit';
import { testRedis } from '@agon/testing';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConnectedQueue, connectQueue } from './connect-queue.ts';
import { openRedis } from './connection.ts';
import { startWorkers, type Workers, type WorkersOptions } from './start-workers.ts';

const settings = { ...testRedis(), log: silentLog };
const jobId = 'job_00000001';
let queue: ConnectedQueue;
const closers: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  // A prefix of its own for each test: the queues begin empty.
  settings.prefix = testRedis().prefix;
  queue = await connectQueue(settings);
  closers.push(queue);
});
afterEach(async () => {
  for (const closer of closers.splice(0).toReversed()) await closer.close();
});

function work(handlers: Partial<QueueHandlers>, options: Partial<WorkersOptions> = {}): Workers {
  const workers = startWorkers({ ...settings, handlers, closeMs: 5_000, ...options });
  closers.push(workers);
  return workers;
}

/** A handler whose runs end when the test says so. */
function gate() {
  const waiting: (() => void)[] = [];
  let begun = 0;
  return {
    begun: () => begun,
    handle: async () => {
      begun += 1;
      await new Promise<void>((resolve) => waiting.push(resolve));
      return 'done' as const;
    },
    open: () => waiting.shift()?.(),
  };
}

/** A handler that notes what it gets, and when. */
function notebook() {
  const seen: { payload: unknown; atMs: number }[] = [];
  return {
    seen: () => seen.map(({ payload }) => payload),
    timesMs: () => seen.map(({ atMs }) => atMs),
    handle: async (payload: unknown) => {
      seen.push({ payload, atMs: Date.now() });
      return 'done' as const;
    },
  };
}

const counts = async () => (await queue.counts())['job.judge'];

describe('work that is added', () => {
  it('reaches its handler with its payload', async () => {
    const notes = notebook();
    work({ 'job.judge': notes.handle });
    await queue.add('job.judge', { jobId });
    await expect.poll(notes.seen).toEqual([{ jobId }]);
  });

  it('is one while it waits, however often it is added', async () => {
    for (let index = 0; index < 5; index += 1) await queue.add('job.judge', { jobId });
    await queue.add('job.judge', { jobId: 'job_00000002' });
    expect(await counts()).toMatchObject({ waiting: 2 });
  });

  it('is done once more when it is added while it is being done, however often', async () => {
    const door = gate();
    work({ 'job.judge': door.handle });
    await queue.add('job.judge', { jobId });
    await expect.poll(door.begun).toBe(1);
    for (let index = 0; index < 3; index += 1) await queue.add('job.judge', { jobId });
    expect(await counts()).toMatchObject({ active: 1, waiting: 0 });
    door.open();
    await expect.poll(door.begun).toBe(2);
    door.open();
    await expect.poll(counts).toEqual({ active: 0, waiting: 0, delayed: 0, failed: 0 });
    expect(door.begun()).toBe(2);
  });

  it('can be added again when it was done', async () => {
    const notes = notebook();
    work({ 'job.judge': notes.handle });
    for (const expected of [1, 2, 3]) {
      await queue.add('job.judge', { jobId });
      await expect.poll(notes.seen).toHaveLength(expected);
      await expect.poll(async () => (await counts()).active).toBe(0);
    }
  });

  it('is not swallowed by the same work that is due later', async () => {
    const notes = notebook();
    await queue.add('job.judge', { jobId }, { delayMs: 60_000 });
    work({ 'job.judge': notes.handle });
    await queue.add('job.judge', { jobId });
    await expect.poll(notes.seen).toEqual([{ jobId }]);
    expect(await counts()).toMatchObject({ delayed: 1 });
  });

  it('leaves later looks in place when it is due sooner', async () => {
    await queue.add('job.judge', { jobId });
    await queue.add('job.judge', { jobId }, { delayMs: 30_000 });
    await queue.add('job.judge', { jobId }, { delayMs: 60_000 });
    expect(await counts()).toMatchObject({ waiting: 1, delayed: 2 });
  });

  it('is one where it is delayed to the same time', async () => {
    let nowMs = 1_000_000;
    const other = await connectQueue({ ...settings, clock: { nowMs: () => nowMs } });
    closers.push(other);
    const deadlineMs = nowMs + 60_100;
    for (const passedMs of [0, 3, 7]) {
      nowMs += passedMs;
      await other.add('job.judge', { jobId }, { delayMs: deadlineMs - nowMs });
    }
    expect(await counts()).toMatchObject({ delayed: 1 });
  });

  it('does not begin before it is due', async () => {
    const notes = notebook();
    work({ 'job.judge': notes.handle });
    const due = Date.now() + 400;
    await queue.add('job.judge', { jobId }, { delayMs: 400 });
    await expect.poll(notes.seen, { timeout: 5_000 }).toHaveLength(1);
    expect(notes.timesMs()[0]).toBeGreaterThanOrEqual(due);
  });

  it('is refused where the payload does not fit the catalog', async () => {
    await expect(queue.add('job.judge', { runId: 'x' } as never)).rejects.toThrow(/does not fit job.judge/);
  });
});

describe('a handler that fails', () => {
  it('is tried as often as the catalog says, and then the work can be added again', async () => {
    let tries = 0;
    const workers = work({
      'lease.expire': async () => {
        tries += 1;
        throw new Error('database away');
      },
    });
    await queue.add('lease.expire', { jobId });
    await expect.poll(() => workers.counters()['lease.expire']?.failed, { timeout: 10_000 }).toBe(1);
    expect(tries).toBe(3);
    expect(workers.counters()['lease.expire']).toMatchObject({ retried: 2, failed: 1, done: 0 });
    await expect.poll(async () => (await queue.counts())['lease.expire'].failed).toBe(1);
    await queue.add('lease.expire', { jobId });
    await expect.poll(() => tries).toBeGreaterThan(3);
  });

  it('with a refusal is not tried again', async () => {
    let tries = 0;
    const workers = work({
      'job.judge': async () => {
        tries += 1;
        throw new AppError('job_not_found', 'There is no such job.');
      },
    });
    await queue.add('job.judge', { jobId });
    await expect.poll(async () => (await counts()).failed).toBe(1);
    expect(tries).toBe(1);
    expect(workers.counters()['job.judge']).toMatchObject({ retried: 0, failed: 1 });
  });

  it('is tried at once when the work is added again meanwhile', async () => {
    let tries = 0;
    work({
      'job.publish': async () => {
        tries += 1;
        if (tries < 4) throw new Error('not yet');
        return 'done';
      },
    });
    await queue.add('job.publish', { jobId });
    // By the third delay it waits for seconds; each add makes it run now.
    for (const expected of [1, 2, 3]) {
      await expect.poll(async () => (await queue.counts())['job.publish'].delayed).toBe(1);
      expect(tries).toBe(expected);
      await queue.add('job.publish', { jobId });
      await expect.poll(() => tries).toBe(expected + 1);
    }
  });

  it('because of a foreign payload is not tried again', async () => {
    const redis = openRedis(settings.redisUrl, 'producer', silentLog);
    const raw = new Queue('job.judge', { connection: redis, prefix: settings.prefix });
    const notes = notebook();
    work({ 'job.judge': notes.handle });
    await raw.add('job.judge', { job: 'of another version' }, { attempts: 5 });
    await expect.poll(async () => (await counts()).failed).toBe(1);
    expect(notes.seen()).toEqual([]);
    await raw.close();
    await redis.quit();
  });
});

describe('workers', () => {
  it('count what they do', async () => {
    const workers = work({
      'job.judge': async ({ jobId: id }) => (id === jobId ? 'done' : 'skipped'),
    });
    await queue.add('job.judge', { jobId });
    await queue.add('job.judge', { jobId: 'job_00000002' });
    await expect.poll(() => workers.counters()['job.judge']).toMatchObject({ done: 1, skipped: 1, active: 0 });
  });

  it('wait at their close for work that runs, and take no more', async () => {
    const door = gate();
    const workers = work({ 'job.judge': door.handle });
    const places = jobCatalog['job.judge'].concurrency;
    for (let index = 0; index <= places; index += 1) await queue.add('job.judge', { jobId: `job_0000000${index}` });
    await expect.poll(door.begun).toBe(places);
    let closed = false;
    const closing = workers.close().then(() => {
      closed = true;
    });
    await sleep(100);
    expect(closed).toBe(false);
    for (let index = 0; index < places; index += 1) door.open();
    await closing;
    expect(door.begun()).toBe(places);
    expect(await counts()).toMatchObject({ active: 0, waiting: 1 });
  });

  it('leave work that runs too long to another worker', async () => {
    const door = gate();
    const workers = work({ 'job.judge': door.handle }, { closeMs: 100, lockMs: 500 });
    await queue.add('job.judge', { jobId });
    await expect.poll(door.begun).toBe(1);
    await workers.close();
    const notes = notebook();
    work({ 'job.judge': notes.handle }, { lockMs: 500 });
    await expect.poll(notes.seen, { timeout: 10_000 }).toEqual([{ jobId }]);
    door.open();
    await sleep(50);
  });
});

describe('signals', () => {
  it('reach every process that listens, until it stops', async () => {
    const other = await connectQueue(settings);
    closers.push(other);
    const [here, there]: [Signal[], Signal[]] = [[], []];
    queue.onSignal((signal) => here.push(signal));
    const stop = other.onSignal((signal) => there.push(signal));
    const signal = { kind: 'events', jobId } as const;
    await queue.signal(signal);
    await expect.poll(() => [here, there]).toEqual([[signal], [signal]]);
    stop();
    await other.signal({ kind: 'seats', jobId });
    await expect.poll(() => here).toHaveLength(2);
    expect(there).toHaveLength(1);
  });

  it('that cannot be read, and listeners that fail, harm nobody', async () => {
    const heard: Signal[] = [];
    queue.onSignal(() => {
      throw new Error('a faulty listener');
    });
    queue.onSignal((signal) => heard.push(signal));
    const redis = openRedis(settings.redisUrl, 'producer', silentLog);
    for (const message of ['no json', '{"kind":"unknown"}']) await redis.publish(`${settings.prefix}:signals`, message);
    await redis.quit();
    await queue.signal({ kind: 'seats', jobId });
    await expect.poll(() => heard).toEqual([{ kind: 'seats', jobId }]);
  });
});
