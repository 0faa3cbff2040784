import { type QueueJobName, Signal } from '@agon/contracts';
import { type Clock, type Log, systemClock } from '@agon/kit';
import type { JobsOptions } from 'bullmq';
import { bounded, closeRedis, defaultPrefix, openRedis, untilReady } from './connection.ts';
import type { AddOptions, QueueProducer } from './producer-type.ts';
import { openQueues, queueNames } from './queues.ts';
import { signalChannel, signalHub, subscribe } from './signals.ts';
import { dueMs, readPayload, workKey } from './work-key.ts';

export type QueueOptions = {
  redisUrl: string;
  log: Log;
  clock?: Clock;
  /** Begins every key in Redis; systems that share a Redis need one each. */
  prefix?: string;
};

export type QueueCounts = { waiting: number; active: number; delayed: number; failed: number };

/** A producer with its connections. */
export type ConnectedQueue = QueueProducer & {
  /** How much is in each queue. @throws AppError `not_ready`. */
  counts(): Promise<Record<QueueJobName, QueueCounts>>;
  close(): Promise<void>;
};

/**
 * Connects to the queues.
 *
 * @throws AppError `not_ready` where Redis does not answer within seconds. Later a lost connection comes back by itself.
 */
export async function connectQueue(options: QueueOptions): Promise<ConnectedQueue> {
  const { redisUrl, log, clock = systemClock, prefix = defaultPrefix } = options;
  const redis = openRedis(redisUrl, 'producer', log);
  const subscriber = openRedis(redisUrl, 'patient', log);
  const hub = signalHub(log);
  const channel = signalChannel(prefix);
  try {
    await untilReady(redis);
    await bounded(subscribe(subscriber, channel, hub.receive));
  } catch (error) {
    await Promise.all([closeRedis(redis), closeRedis(subscriber)]);
    throw error;
  }
  const queues = openQueues({ redis, prefix, log });

  return {
    async add(name, payload, { delayMs = 0 } = {}) {
      const data = readPayload(name, payload);
      await bounded(queues[name].add(name, data, addOptions(workKey(data), { nowMs: clock.nowMs(), delayMs })));
    },

    async signal(signal) {
      await bounded(redis.publish(channel, JSON.stringify(Signal.parse(signal))));
    },

    onSignal(listener) {
      // A function of its own, so that a listener given twice is heard twice and leaves one at a time.
      const own = (signal: Signal): void => listener(signal);
      hub.listeners.add(own);
      return () => hub.listeners.delete(own);
    },

    async ping() {
      await bounded(redis.ping());
    },

    async counts() {
      const pairs = queueNames.map(async (name) => {
        const found = await queues[name].getJobCounts('wait', 'active', 'delayed', 'failed');
        const { wait = 0, active = 0, delayed = 0, failed = 0 } = found;
        return [name, { waiting: wait, active, delayed, failed }] as const;
      });
      return Object.fromEntries(await bounded(Promise.all(pairs))) as Record<QueueJobName, QueueCounts>;
    },

    async close() {
      await Promise.all(queueNames.map((name) => queues[name].close().catch(() => undefined)));
      await Promise.all([closeRedis(redis), closeRedis(subscriber)]);
    },
  };
}

/**
 * How an add meets what is in the queue already. The deduplication id is the work and, for delayed work, the time when it
 * is due: a look that is due now does not swallow one that is due at the deadline, nor the other way round.
 *
 * - `keepLastIfActive`: an add while the work is being done leads to one more run after it, so no change is missed.
 * - `reschedule`: work that waits out the delay of a failed try runs now.
 */
function addOptions(key: string, { nowMs, delayMs }: { nowMs: number } & Required<AddOptions>): JobsOptions {
  if (delayMs <= 0) return { deduplication: { id: key, keepLastIfActive: true, reschedule: true } };
  const due = dueMs(nowMs, delayMs);
  return { delay: due - nowMs, deduplication: { id: `${key}@${due}`, keepLastIfActive: true } };
}
