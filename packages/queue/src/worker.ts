/**
 * The door for whoever does work: workers for the queues of the job catalog, and the schedule. May import contracts and
 * kit. The scheduler and evaluator call it.
 */
export type { CountersByQueue, WorkerCounters } from './counters.ts';
export { type ScheduleOptions, startSchedule } from './start-schedule.ts';
export { startWorkers, type Workers, type WorkersOptions } from './start-workers.ts';
