import type { EvaluatorDeps } from '../evaluator-deps.ts';

const attemptEvent = 'job.measuring';
/** A job has few events before it opens. */
const eventsMax = 200;

/**
 * Writes down that an attempt to measure the baseline begins, and answers its number from 1. The job's log keeps the
 * count, so that an attempt that kills the process is counted too, and an empty queue forgets nothing.
 */
export async function countAttempt(deps: EvaluatorDeps, jobId: string): Promise<number> {
  const events = await deps.stores.events.list({ jobId, afterSequence: 0, limit: eventsMax });
  const attempt = events.filter((event) => event.type === attemptEvent).length + 1;
  await deps.stores.events.append(jobId, {
    type: attemptEvent,
    level: attempt > 1 ? 'warn' : 'info',
    message: `Measuring the baseline${attempt > 1 ? ` again, attempt ${attempt}` : ''}.`,
    key: `${attemptEvent}:${attempt}`,
    data: { attempt },
  });
  return attempt;
}
