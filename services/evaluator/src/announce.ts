import type { Signal } from '@agon/contracts';
import type { EvaluatorDeps } from './evaluator-deps.ts';

/** Gives other processes a hint. Whoever misses it looks by itself a little later, so a failure is only noted. */
export async function announce(deps: EvaluatorDeps, kind: 'events' | 'seats', jobId: string): Promise<void> {
  const signal: Signal = { kind, jobId };
  try {
    await deps.queue.signal(signal);
  } catch (error) {
    deps.log.debug({ err: error, signal }, 'a signal was lost');
  }
}
