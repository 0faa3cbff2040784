import { randomBytes } from 'node:crypto';
import { createMinerClient } from '@agon/client';
import type { Capabilities } from '@agon/contracts';
import { idMaker, newSigningKeyPem, readSigningKey, signRequest, silentLog, systemClock } from '@agon/kit';
import { connectQueue } from '@agon/queue/producer';
import { connectStores, type Stores } from '@agon/store';
import { anOpenJob } from '@agon/testing';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { type Bench, quantile, resultOf } from './result.ts';
import { withStack } from './stack.ts';

const miners = 200;
const seatsPerJob = 4;
const jobs = 50;
const gapMs = 100;

const capabilities: Capabilities = {
  gpus: [],
  vram_mib: 0,
  memory_mib: 65_536,
  cpus: 16,
  disk_mib: 100_000,
  tasks: ['tabular-classification'],
  templates: ['bench'],
};

function newMiner(baseUrl: string) {
  const key = readSigningKey(newSigningKeyPem());
  const client = createMinerClient({
    baseUrl,
    sign: ({ method, path, body }) => {
      const url = new URL(path, 'http://service.invalid');
      const signable = { method, path: url.pathname, query: url.search, body };
      const nonce = randomBytes(18).toString('base64url');
      return signRequest(signable, { key, createdSeconds: Math.floor(Date.now() / 1000), nonce });
    },
  });
  return { client, publicKey: key.publicKey };
}

/** Milliseconds from a bare BullMQ \`add\` to the start of its work, at the same pace on the same Redis. */
async function bareLatencies(redisUrl: string): Promise<number[]> {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const workerConnection = connection.duplicate();
  const queue = new Queue<{ atMs: number }>('bench-bare', { connection });
  const latencies: number[] = [];
  const worker = new Worker<{ atMs: number }>(
    'bench-bare',
    async (job) => void latencies.push(performance.now() - job.data.atMs),
    {
      connection: workerConnection,
      concurrency: 50,
    },
  );
  await worker.waitUntilReady();
  for (let job = 0; job < jobs; job += 1) {
    await Promise.all(Array.from({ length: seatsPerJob }, () => queue.add('work', { atMs: performance.now() })));
    await new Promise((resolve) => setTimeout(resolve, gapMs));
  }
  await worker.close();
  await queue.close();
  connection.disconnect();
  workerConnection.disconnect();
  return latencies;
}

async function openJob(stores: Stores, newId: ReturnType<typeof idMaker>): Promise<string> {
  const now = new Date();
  const waitUntil = new Date(now.getTime() + 3_600_000);
  const job = anOpenJob({ id: newId('job'), createdAt: now, openedAt: now, waitUntil, deadlineAt: null });
  await stores.jobs.insert(job, { type: 'job.created', message: 'created' });
  await stores.seats.ensure({ jobId: job.id, count: seatsPerJob, createdAt: now });
  return job.id;
}

/** How long 200 waiting miners take to learn of a free seat: from the signal to the lease in the miner's hands. */
export const dispatch: Bench = (say) =>
  withStack(async (stack) => {
    const stores = await connectStores({ url: stack.servers.MONGODB_URL, clock: systemClock, log: silentLog });
    const queue = await connectQueue({ redisUrl: stack.servers.REDIS_URL, log: silentLog });
    const newId = idMaker(() => Date.now());
    const openedMs = new Map<string, number>();
    const latencies: number[] = [];
    say(`${miners} miners register and wait …`);
    const waiting = Array.from({ length: miners }, async (_, index) => {
      const { client, publicKey } = newMiner(stack.url);
      await client.register({ public_key: publicKey, name: `bench-${index}`, capabilities });
      for (let attempt = 0; attempt < 20; attempt += 1) {
        const lease = await client.lease({ capabilities, wait_seconds: 25 });
        if (!lease) continue;
        latencies.push(performance.now() - (openedMs.get(lease.job.id) ?? Number.NaN));
        return;
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    say(`${jobs} jobs with ${seatsPerJob} seats open …`);
    for (let job = 0; job < jobs; job += 1) {
      const jobId = await openJob(stores, newId);
      openedMs.set(jobId, performance.now());
      await queue.signal({ kind: 'seats', jobId });
      await new Promise((resolve) => setTimeout(resolve, gapMs));
    }
    await Promise.all(waiting);
    const bare = await bareLatencies(stack.servers.REDIS_URL);
    await queue.close();
    await stores.close();
    const details = {
      leases: latencies.length,
      p50_ms: quantile(latencies, 0.5).toFixed(1),
      bare_p50_ms: quantile(bare, 0.5).toFixed(1),
    };
    const figures = { ours: quantile(latencies, 0.99), yardstick: quantile(bare, 0.99), details };
    const spec = {
      bench: 'dispatch',
      unit: 'ms p99 from free seat to lease, beside bare BullMQ add to start',
      aim: 'ours < 250',
    };
    return [resultOf(spec, figures, ({ ours }) => ours < 250)];
  });
