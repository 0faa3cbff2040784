/**
 * A job's life but for training and scoring: prepare, lease, judge, publish, reconcile. May import contracts, domain,
 * dataset, kit, store and queue. Runs as a process of its own (`main.ts`); nobody imports it.
 */
export * from './build-scheduler.ts';
export type { SchedulerDeps } from './scheduler-deps.ts';
