import type { QueueJobName } from '@agon/contracts';

/** What a worker process did with one queue since it started. Times are sums in milliseconds. */
export type WorkerCounters = {
  active: number;
  done: number;
  skipped: number;
  /** Tries that failed and will be tried again. */
  retried: number;
  /** Work that was given up. */
  failed: number;
  /** From the time when work was due to its start, summed over starts. */
  waitMs: number;
  /** From start to end, summed over ends. */
  runMs: number;
};

export const newCounters = (): WorkerCounters => ({
  active: 0,
  done: 0,
  skipped: 0,
  retried: 0,
  failed: 0,
  waitMs: 0,
  runMs: 0,
});

export type CountersByQueue = Partial<Record<QueueJobName, WorkerCounters>>;
