import { setTimeout as sleep } from 'node:timers/promises';
import type { Stores } from '@agon/store';
import { someCapabilities } from '@agon/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRace } from '../testing/open-race.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { type TestMiner, testMiner } from '../testing/test-miner.ts';

let api: TestApi;
/** Reads that one look for free seats makes. */
let looks = 0;
let counts = 0;
beforeEach(async () => {
  api = await startTestApi({ adapt: ({ stores }) => ({ stores: counted(stores) }) });
  looks = 0;
  counts = 0;
});
afterEach(() => api.close());

const counted = (stores: Stores): Stores => ({
  ...stores,
  jobs: {
    ...stores.jobs,
    list: (query) => {
      looks += 1;
      return stores.jobs.list(query);
    },
  },
  runs: {
    ...stores.runs,
    countByJob: (query) => {
      counts += 1;
      return stores.runs.countByJob(query);
    },
  },
});

async function miners(count: number): Promise<TestMiner[]> {
  const all = Array.from({ length: count }, (_, index) => testMiner(api, `miner ${index}`));
  for (const miner of all) await miner.register();
  return all;
}
const signalSeats = (jobId: string): Promise<void> => api.queue.signal({ kind: 'seats', jobId });
const waiting = async (): Promise<number> => {
  const text = await (await fetch(`${api.url}/metrics`)).text();
  return Number(/^agon_leases_waiting (\d+)$/m.exec(text)?.[1]);
};

describe('waiting for work', () => {
  test('a free seat wakes a waiting miner; where there is none the time runs out with 204', async () => {
    const [ada, bob] = await miners(2);
    const first = ada?.lease(20);
    await expect.poll(waiting).toBe(1);
    const job = await openRace(api, { seats: 1 });
    await signalSeats(job.id);
    expect((await first)?.body).toMatchObject({ object: 'miner.lease', job: { id: job.id } });
    expect((await bob?.lease(0.2))?.status).toBe(204);
  });

  test('a seat is found without a signal too', async () => {
    const [ada] = await miners(1);
    const asked = ada?.lease(20);
    await expect.poll(waiting).toBe(1);
    await openRace(api, { seats: 1 });
    expect((await asked)?.status).toBe(200);
  });

  test('200 waiting miners share their looks, and every seat is given once', async () => {
    const all = await miners(200);
    const asked = all.map((miner) => miner.lease(25));
    await expect.poll(waiting, { timeout: 20_000 }).toBe(200);
    looks = 0;
    const jobs = [await openRace(api, { seats: 16 }), await openRace(api, { seats: 16 })];
    for (const job of jobs) await signalSeats(job.id);
    const taken = async () => (await Promise.all(jobs.map((job) => api.stores.runs.listByJob(job.id)))).flat().length;
    await expect.poll(taken, { timeout: 15_000 }).toBe(32);
    api.stop();
    const answers = await Promise.all(asked);
    const leases = answers.flatMap((answer) => (answer.status === 200 ? [answer.body] : []));
    expect(leases).toHaveLength(32);
    expect(new Set(leases.map((lease) => lease.run)).size).toBe(32);
    const seats = await api.stores.seats.listByJobs(jobs.map((job) => job.id));
    expect(seats.every((seat) => seat.status === 'leased' && seat.fence === 1)).toBe(true);
    expect(looks).toBeLessThan(60);
    expect(counts).toBeLessThan(100);
  });

  test('seats are spread over jobs before any job gets its second racer', async () => {
    const jobs = [await openRace(api, { seats: 4 }), await openRace(api, { seats: 4 })];
    const all = await miners(4);
    const leases = await Promise.all(all.map((miner) => miner.lease(5)));
    const given = leases.map((lease) => (lease.body.job as { id: string }).id);
    for (const job of jobs) expect(given.filter((id) => id === job.id)).toHaveLength(2);
  });

  test('whoever has waited longest is served first, also over several requests', async () => {
    const [ada, bob] = await miners(2);
    expect((await ada?.lease(0.1))?.status).toBe(204);
    const second = bob?.lease(20);
    await expect.poll(waiting).toBe(1);
    const again = ada?.lease(20);
    await expect.poll(waiting).toBe(2);
    const job = await openRace(api, { seats: 1 });
    await signalSeats(job.id);
    expect((await again)?.status).toBe(200);
    api.stop();
    expect((await second)?.status).toBe(204);
  });

  test('a machine that fits nothing does not hold up one that does', async () => {
    const [small, large] = await miners(2);
    const tiny = small?.lease(3, {}, someCapabilities({ memory_mib: 1 }));
    await expect.poll(waiting).toBe(1);
    const asked = large?.lease(20);
    await expect.poll(waiting).toBe(2);
    const job = await openRace(api, { seats: 1 });
    await signalSeats(job.id);
    expect((await asked)?.status).toBe(200);
    expect((await tiny)?.status).toBe(204);
  });

  test('a miner that went away gets no lease, and its seat goes to another', async () => {
    const [gone, there] = await miners(2);
    const abort = new AbortController();
    const dropped = gone?.lease(20, { signal: abort.signal }).catch(() => 'gone');
    await expect.poll(waiting).toBe(1);
    abort.abort();
    expect(await dropped).toBe('gone');
    await expect.poll(waiting).toBe(0);
    const job = await openRace(api, { seats: 1 });
    await signalSeats(job.id);
    await sleep(100);
    expect(await api.stores.runs.listByJob(job.id)).toEqual([]);
    expect((await there?.lease(5))?.status).toBe(200);
  });
});

describe('a connection that closes while its seat is taken', () => {
  test('the run ends and the seat is free again', async () => {
    const abort = new AbortController();
    let claims = 0;
    const own = await startTestApi({
      adapt: ({ stores }) => ({
        stores: {
          ...stores,
          seats: {
            ...stores.seats,
            claim: async (input) => {
              claims += 1;
              if (claims === 1) {
                abort.abort();
                await sleep(200);
              }
              return stores.seats.claim(input);
            },
          },
        },
      }),
    });
    const [gone, there] = [testMiner(own, 'ada'), testMiner(own, 'bob')];
    for (const miner of [gone, there]) await miner.register();
    const job = await openRace(own, { seats: 1 });
    await gone.lease(20, { signal: abort.signal }).catch(() => undefined);
    await expect
      .poll(async () => (await own.stores.runs.listByJob(job.id)).map((run) => run.status))
      .toEqual(['expired']);
    expect((await there.lease(5)).body.fence).toBe(2);
    await own.close();
  });
});

describe('stopping', () => {
  test('waiting miners are sent away with 204', async () => {
    const [ada] = await miners(1);
    const asked = ada?.lease(20);
    await expect.poll(waiting).toBe(1);
    api.stop();
    expect((await asked)?.status).toBe(204);
    expect((await fetch(`${api.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
  });
});
