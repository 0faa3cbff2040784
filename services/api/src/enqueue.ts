import type { QueueJobName, QueuePayload, Signal } from '@agon/contracts';
import type { AppDeps } from './deps.ts';

type QueueDeps = Pick<AppDeps, 'queue' | 'log'>;

/**
 * Asks for work. The database has the truth already, and the reconciler rebuilds what the queue lacks, so a queue that is
 * out of reach is noted and fails nothing.
 */
export async function enqueue<N extends QueueJobName>(
  deps: QueueDeps,
  name: N,
  payload: QueuePayload<N>,
  options?: { delayMs?: number },
): Promise<void> {
  try {
    await deps.queue.add(name, payload, options);
  } catch (error) {
    deps.log.warn({ name, payload, err: error }, 'work was not enqueued; the reconciler will');
  }
}

/** Gives other processes a hint; a lost one is made good by their own looks. */
export async function announce(deps: QueueDeps, signal: Signal): Promise<void> {
  try {
    await deps.queue.signal(signal);
  } catch (error) {
    deps.log.debug({ signal, err: error }, 'a signal was lost');
  }
}
