/**
 * The door for whoever asks for work: adds to the queues of the job catalog, sends and hears signals. May import
 * contracts and kit. The api, scheduler and evaluator call it.
 */
export { type ConnectedQueue, connectQueue, type QueueCounts, type QueueOptions } from './connect-queue.ts';
export type * from './producer-type.ts';
