import { randomUUID } from 'node:crypto';
import { type QueueJobName, Signal } from '@agon/contracts';
import { type Clock, type Log, systemClock } from '@agon/kit';
import type { JobsOptions } from 'bullmq';
import { bounded, closeRedis, defaultPrefix, openRedis, outOfReach, watchLoss } from './connection.ts';
import type { AddOptions, QueueProducer } from './producer-type.ts';
import { closeQueues, openQueues, queueNames, queuesReady } from './queues.ts';
import { signalChannel, signalHub, subscribe } from './signals.ts';
import { dueMs, readPayload, workKey } from './work-key.ts';

/** A connection that is lost for longer is not waited for: callers answer "try later" at once. */
const lossMsMax = 1_000;

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
  const lostMs = watchLoss(redis, clock);
  const subscriber = openRedis(redisUrl, 'patient', log);
  const hub = signalHub(log);
  const channel = signalChannel(prefix);
  const queues = openQueues({ redis, prefix, log });
  const close = async (): Promise<void> => {
    await closeQueues(queues);
    await Promise.all([closeRedis(redis), closeRedis(subscriber)]);
  };
  try {
    // A queue that fails while it begins stays failed, so nobody gets one that has not begun.
    await Promise.all([queuesReady(queues), bounded(subscribe(subscriber, channel, hub.receive))]);
  } catch (error) {
    await close();
    throw error;
  }

  const ask = <T>(work: () => Promise<T>): Promise<T> => {
    if (lostMs() > lossMsMax) throw outOfReach();
    return bounded(work());
  };

  return {
    async add(name, payload, { delayMs = 0 } = {}) {
      const data = readPayload(name, payload);
      const options = addOptions(workKey(data), { nowMs: clock.nowMs(), delayMs });
      await ask(() => queues[name].add(name, data, options));
    },

    async signal(signal) {
      const message = JSON.stringify(Signal.parse(signal));
      await ask(() => redis.publish(channel, message));
    },

    onSignal(listener) {
      // A function of its own, so that a listener given twice is heard twice and leaves one at a time.
      const own = (signal: Signal): void => listener(signal);
      hub.listeners.add(own);
      return () => hub.listeners.delete(own);
    },

    async ping() {
      await ask(() => redis.ping());
    },

    async counts() {
      const countsOf = async (name: QueueJobName) => {
        const found = await queues[name].getJobCounts('wait', 'active', 'delayed', 'failed');
        const { wait = 0, active = 0, delayed = 0, failed = 0 } = found;
        return [name, { waiting: wait, active, delayed, failed }] as const;
      };
      const pairs = await ask(() => Promise.all(queueNames.map(countsOf)));
      return Object.fromEntries(pairs) as Record<QueueJobName, QueueCounts>;
    },

    close,
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
  // Counted ids would begin again at 1 in a Redis that lost everything, and meet those of work that still runs.
  const jobId = randomUUID();
  if (delayMs <= 0) return { jobId, deduplication: { id: key, keepLastIfActive: true, reschedule: true } };
  const due = dueMs(nowMs, delayMs);
  return { jobId, delay: due - nowMs, deduplication: { id: `${key}@${due}`, keepLastIfActive: true } };
}
