import { randomUUID } from 'node:crypto';
import type { QueueJobName, QueuePayload } from '@agon/contracts';
import { type Clock, type Log, systemClock } from '@agon/kit';
import { bounded, closeRedis, defaultPrefix, openRedis } from './connection.ts';
import { closeQueues, openQueues } from './queues.ts';

/** Only work without a payload can be scheduled. */
export type ScheduledName = {
  [N in QueueJobName]: QueuePayload<N> extends Record<string, never> ? N : never;
}[QueueJobName];

export type ScheduleOptions = {
  redisUrl: string;
  log: Log;
  every: Partial<Record<ScheduledName, number>>;
  clock?: Clock;
  prefix?: string;
};

/**
 * Asks for work again and again. Every process that calls it keeps time by itself, and for each period the first one
 * asks: no schedule is kept in Redis, where a flush would end it.
 */
export function startSchedule(options: ScheduleOptions): { close(): Promise<void> } {
  const { redisUrl, log, every, clock = systemClock, prefix = defaultPrefix } = options;
  const redis = openRedis(redisUrl, 'patient', log);
  const queues = openQueues({ redis, prefix, log });

  const ask = async (name: ScheduledName, periodMs: number): Promise<void> => {
    const period = Math.floor(clock.nowMs() / periodMs);
    try {
      const once = { id: `period-${period}`, ttl: 2 * periodMs };
      await bounded(queues[name].add(name, {}, { jobId: randomUUID(), deduplication: once }));
    } catch (error) {
      log.warn({ err: error, queue: name }, 'scheduled work could not be asked for');
    }
  };

  const timers = Object.entries(every).map(([name, periodMs]) => {
    const tick = (): void => void ask(name as ScheduledName, periodMs);
    tick();
    return setInterval(tick, periodMs);
  });

  return {
    async close() {
      for (const timer of timers) clearInterval(timer);
      await closeQueues(queues);
      await closeRedis(redis);
    },
  };
}
