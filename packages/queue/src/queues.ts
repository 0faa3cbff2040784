import { jobCatalog, type QueueJobName } from '@agon/contracts';
import type { Log } from '@agon/kit';
import { type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { bounded, saysConnectionLost } from './connection.ts';

export const queueNames = Object.keys(jobCatalog) as QueueJobName[];

export type Queues = { readonly [N in QueueJobName]: Queue };

const backoffMs = 500;
const eventsKept = 100;
const kept = { completed: { count: 100, age: 60 * 60 }, failed: { count: 500, age: 7 * 24 * 60 * 60 } };

const jobOptions = (name: QueueJobName): JobsOptions => ({
  attempts: jobCatalog[name].attempts,
  backoff: { type: 'exponential', delay: backoffMs, jitter: 0.5 },
  removeOnComplete: kept.completed,
  removeOnFail: kept.failed,
});

/** A handle for every queue of the catalog, on one connection. */
export function openQueues(input: { redis: Redis; prefix: string; log: Log }): Queues {
  const pairs = queueNames.map((name) => {
    const queue = new Queue(name, {
      connection: input.redis,
      prefix: input.prefix,
      defaultJobOptions: jobOptions(name),
      streams: { events: { maxLen: eventsKept } },
    });
    queue.on('error', (error) => {
      if (!saysConnectionLost(error)) input.log.warn({ err: error, queue: name }, 'a queue failed');
    });
    return [name, queue] as const;
  });
  return Object.fromEntries(pairs) as Queues;
}

/** Waits until every queue is usable. @throws AppError `not_ready` where that takes too long. */
export async function queuesReady(queues: Queues): Promise<void> {
  await bounded(Promise.all(Object.values(queues).map((queue) => queue.waitUntilReady())));
}

export async function closeQueues(queues: Queues): Promise<void> {
  await Promise.all(Object.values(queues).map((queue) => queue.close().catch(() => undefined)));
}
