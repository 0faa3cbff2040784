/**
 * The job catalog on BullMQ. The database decides, the queue delivers: a payload is ids, everything may be delivered
 * twice, and an empty Redis loses nothing. May import contracts and kit; the only package that imports bullmq and ioredis.
 */
export * from './producer.ts';
export * from './worker.ts';
