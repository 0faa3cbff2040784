import { jobCatalog, type QueueHandlers, type QueueJobName } from '@agon/contracts';
import { type Clock, type Log, systemClock } from '@agon/kit';
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { closeRedis, defaultPrefix, openRedis, saysConnectionLost } from './connection.ts';
import { type CountersByQueue, newCounters } from './counters.ts';
import { closeQueues, openQueues, type Queues } from './queues.ts';
import { stuckWatch } from './stuck-watch.ts';
import { toProcessor } from './to-processor.ts';

const stalledCheckMs = 5_000;
const lookMs = 5_000;
const closeMsDefault = 20_000;

export type WorkersOptions = {
  redisUrl: string;
  log: Log;
  handlers: Partial<QueueHandlers>;
  clock?: Clock;
  prefix?: string;
  /** In place of the catalog's: how long a worker that fell silent keeps its work. */
  lockMs?: number;
  /** A queue whose work waits this long beside a free worker is stuck. */
  stuckMs?: number;
  /** How long `close` waits for work that runs. What still runs then is delivered again to another worker. */
  closeMs?: number;
};

export type Workers = {
  /** Takes no more work and waits for what runs. */
  close(): Promise<void>;
  /** The queues that should move but do not; for a health check. */
  stuck(): string[];
  counters(): CountersByQueue;
};

/** Starts a worker for every handler. They outlast the loss of Redis and of all that was in it. */
export function startWorkers(options: WorkersOptions): Workers {
  const { redisUrl, log, clock = systemClock, prefix = defaultPrefix } = options;
  const redis = openRedis(redisUrl, 'patient', log);
  const queues = openQueues({ redis, prefix, log });
  const names = Object.keys(options.handlers) as QueueJobName[];
  const counters: CountersByQueue = Object.fromEntries(names.map((name) => [name, newCounters()]));
  const watch = stuckWatch({ clock, stuckMs: options.stuckMs ?? 60_000 });
  const workers = names.map((name) => {
    const worker = openWorker(name, { ...options, clock, prefix }, redis, counters);
    worker?.on('active', () => watch.began(name));
    return worker;
  });
  const look = () => lookAtQueues({ names, queues, counters, watch }).catch(() => undefined);
  const timer = setInterval(look, lookMs);
  timer.unref();

  return {
    stuck: () => watch.stuck(),
    counters: () => structuredClone(counters),
    async close() {
      clearInterval(timer);
      await Promise.all(workers.map((worker) => worker && closeWorker(worker, options.closeMs ?? closeMsDefault, log)));
      await closeQueues(queues);
      await closeRedis(redis);
    },
  };
}

type Settings = WorkersOptions & { clock: Clock; prefix: string };

function openWorker(name: QueueJobName, settings: Settings, redis: Redis, counters: CountersByQueue) {
  const handle = settings.handlers[name];
  const ownCounters = counters[name];
  if (!handle || !ownCounters) return undefined;
  const { lockMs: lockMsDefault, concurrency, attempts } = jobCatalog[name];
  const lockMs = settings.lockMs ?? lockMsDefault;
  const { clock, log, prefix } = settings;
  const processor = toProcessor({
    name,
    handle: handle as QueueHandlers[typeof name],
    counters: ownCounters,
    clock,
    log,
  });
  const worker = new Worker(name, processor, {
    connection: redis,
    prefix,
    concurrency,
    lockDuration: lockMs,
    stalledInterval: Math.min(stalledCheckMs, lockMs),
    // A worker that dies costs the work no attempt, but work that kills every worker must end.
    maxStalledCount: attempts,
  });
  worker.on('error', (error) => {
    if (!saysConnectionLost(error)) log.warn({ err: error, queue: name }, 'a worker failed');
  });
  worker.on('stalled', (jobId) => log.warn({ queue: name, jobId }, 'work of a silent worker is delivered again'));
  return worker;
}

async function lookAtQueues(input: {
  names: QueueJobName[];
  queues: Queues;
  counters: CountersByQueue;
  watch: ReturnType<typeof stuckWatch>;
}): Promise<void> {
  for (const name of input.names) {
    const waiting = await input.queues[name].getWaitingCount();
    const busy = (input.counters[name]?.active ?? 0) >= jobCatalog[name].concurrency;
    input.watch.look({ name, waiting, busy });
  }
}

async function closeWorker(worker: Worker, closeMs: number, log: Log): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), closeMs);
  });
  // Where it is late, its hold on the work ends with the connection, which the caller closes next.
  const ended = await Promise.race([worker.close().catch(() => undefined), late]);
  clearTimeout(timer);
  if (ended === 'late') log.warn({ queue: worker.name }, 'work still runs and is left to another worker');
}
