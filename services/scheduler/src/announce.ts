import type { Signal } from '@agon/contracts';
import type { SchedulerDeps } from './scheduler-deps.ts';

/** Gives other processes a hint. Whoever misses it looks by itself a little later, so a failure is only noted. */
async function hint(deps: SchedulerDeps, signal: Signal): Promise<void> {
  try {
    await deps.queue.signal(signal);
  } catch (error) {
    deps.log.debug({ err: error, signal }, 'a signal was lost');
  }
}

/** Tells listeners that the log of a job grew. */
export const announceEvents = (deps: SchedulerDeps, jobId: string): Promise<void> =>
  hint(deps, { kind: 'events', jobId });

/** Tells waiting miners that a seat of the job became free. */
export const announceSeats = (deps: SchedulerDeps, jobId: string): Promise<void> =>
  hint(deps, { kind: 'seats', jobId });
