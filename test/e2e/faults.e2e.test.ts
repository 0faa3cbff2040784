import { setTimeout as sleep } from 'node:timers/promises';
import { silentLog } from '@agon/kit';
import { connectQueue } from '@agon/queue/producer';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logisticCsv, numbersFrom } from './harness/dataset.ts';
import { writeQuickTemplates } from './harness/quick-templates.ts';
import { startService, submitCsv, type TestService, untilEnd } from './harness/service.ts';

const seed = Number(process.env.AGON_FAULT_SEED ?? 20_261_122);
const rounds = Number(process.env.AGON_FAULT_ROUNDS ?? 3);
/** What may be hit, at a moment that the seed chooses. */
const victims = ['scheduler', 'evaluator', 'api', 'miner', 'redis'] as const;

let service: TestService;
let miners: Awaited<ReturnType<TestService['startMiner']>>[] = [];

beforeAll(async () => {
  service = await startService();
  await writeQuickTemplates(service.templates, [
    { name: 'slope-2', slope: 2, steps: 12 },
    { name: 'slope-8', slope: 8, steps: 16 },
    { name: 'slope-40', slope: 40, steps: 8 },
  ]);
  miners = [];
  for (const slope of ['slope-2', 'slope-8', 'slope-40']) miners.push(await service.startMiner(slope, slope));
});
afterAll(() => service?.stop());

/** Kills a process as a power cut would, or empties Redis. What is killed comes back, as a supervisor would see to. */
async function strike(victim: (typeof victims)[number], chance: number): Promise<void> {
  if (victim === 'redis') {
    const redis = new Redis(service.stack.servers.REDIS_URL);
    await redis.flushall();
    redis.disconnect();
    return;
  }
  const pid = victim === 'miner' ? miners[Math.floor(chance * miners.length)]?.pid : service.stack.pids()[victim];
  if (pid) process.kill(pid, 'SIGKILL');
}

const next = numbersFrom(seed);
const plans = Array.from({ length: rounds }, () =>
  victims.map((victim) => ({ victim, atMs: Math.floor(next() * 6_000), chance: next() })),
);

test.each(plans.map((strikes, round) => ({ round, strikes })))(
  'round $round: kill -9 of every part and a flushed Redis end in the same single winner',
  async ({ strikes, round }) => {
    const created = await submitCsv(service.client, logisticCsv(1_500, 3), { minutes: 3, seats: 3 });
    const struck = strikes.map(async ({ victim, atMs, chance }) => {
      await sleep(atMs);
      await strike(victim, chance);
    });
    await Promise.all(struck);
    const { job, events } = await untilEnd(service.client, created.id);

    expect({ round, status: job.status, error: job.error }).toEqual({ round, status: 'succeeded', error: null });
    expect(job.result?.winner.miner_name).toBe('slope-8');
    const models = (await service.client.models.list({ limit: 100 })).data.filter((model) => model.job === job.id);
    expect(models.map((model) => model.id)).toEqual([job.model]);
    for (const type of ['job.opened', 'job.judged', 'job.succeeded']) {
      expect([type, events.filter((event) => event.type === type).length]).toEqual([type, 1]);
    }
    const scored = events.filter((event) => event.type === 'run.scored').map((event) => event.data.run);
    expect(new Set(scored).size).toBe(scored.length);
    const sequences = events.map((event) => event.sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort((left, right) => left - right));
  },
);

test('after all that, the queues hold nothing that failed for good', async () => {
  const queue = await connectQueue({ redisUrl: service.stack.servers.REDIS_URL, log: silentLog });
  const counts = await queue.counts();
  await queue.close();
  expect(Object.entries(counts).filter(([, { failed }]) => failed > 0)).toEqual([]);
});
