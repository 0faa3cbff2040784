import { z } from 'zod';

export type QueueJobSpec = {
  /** Ids and numbers only: a handler reads the rest from the database. */
  readonly payload: z.ZodType;
  readonly attempts: number;
  /** A worker that does not renew its hold within this time is taken for dead and the job is delivered again. */
  readonly lockMs: number;
  readonly concurrency: number;
};

/**
 * Every queue of the system. All are safe to deliver twice: a handler claims by compare-and-set and does nothing when
 * the claim fails. `key` of a payload (see packages/queue) makes a second add of waiting work a no-op.
 */
export const jobCatalog = {
  /** Validates and splits the dataset of a job. */
  'job.prepare': { payload: z.strictObject({ jobId: z.string() }), attempts: 5, lockMs: 30_000, concurrency: 2 },
  /** Measures the baseline on the hidden parts and opens the job. */
  'job.baseline': { payload: z.strictObject({ jobId: z.string() }), attempts: 5, lockMs: 30_000, concurrency: 2 },
  /** Looks whether the race is over; if so, judges it. */
  'job.judge': { payload: z.strictObject({ jobId: z.string() }), attempts: 5, lockMs: 30_000, concurrency: 2 },
  /** Writes the winner into the registry and the receipt beside it. */
  'job.publish': { payload: z.strictObject({ jobId: z.string() }), attempts: 10, lockMs: 30_000, concurrency: 2 },
  /** Delivers a published model to a repo on a hub. A hub that is away is tried again by the database's clock. */
  'job.push': { payload: z.strictObject({ pushId: z.string() }), attempts: 1, lockMs: 30_000, concurrency: 2 },
  /** Checks and scores one submission. */
  'run.score': { payload: z.strictObject({ runId: z.string() }), attempts: 5, lockMs: 30_000, concurrency: 1 },
  /** Looks at the seats of one job whose holders fell silent. */
  'lease.expire': { payload: z.strictObject({ jobId: z.string() }), attempts: 3, lockMs: 30_000, concurrency: 4 },
  /** Writes down which webhooks hear of the end of a job. */
  'webhook.plan': { payload: z.strictObject({ jobId: z.string() }), attempts: 3, lockMs: 30_000, concurrency: 4 },
  /** Posts one event to one webhook. A target that is away is tried again by the database's clock; many may hang. */
  'webhook.deliver': {
    payload: z.strictObject({ deliveryId: z.string() }),
    ...{ attempts: 1, lockMs: 60_000, concurrency: 32 },
  },
  /** Rebuilds from the database whatever the queue lost; runs on a schedule. */
  reconcile: { payload: z.strictObject({}), attempts: 1, lockMs: 60_000, concurrency: 1 },
} as const satisfies Record<string, QueueJobSpec>;

export type QueueJobName = keyof typeof jobCatalog;
export type QueuePayload<N extends QueueJobName> = z.infer<(typeof jobCatalog)[N]['payload']>;
/** A queue job without a handler does not compile. */
export type QueueHandlers<N extends QueueJobName = QueueJobName> = {
  readonly [K in N]: (payload: QueuePayload<K>) => Promise<HandlerOutcome>;
};
/** `skipped`: another delivery did the work, or there was none to do. */
export type HandlerOutcome = 'done' | 'skipped';
