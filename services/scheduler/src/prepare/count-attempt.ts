import type { JobRecord } from '@agon/store';
import type { SchedulerDeps } from '../scheduler-deps.ts';

const attemptEvent = 'job.preparing';
/** A job has few events before it opens. */
const eventsMax = 200;

/**
 * Writes down that an attempt to prepare the job begins, and answers its number from 1. The job's log keeps the count,
 * so that a dataset that kills the process is counted too, and an empty queue forgets nothing. Two deliveries at once
 * may count as one.
 */
export async function countAttempt(deps: SchedulerDeps, job: JobRecord): Promise<number> {
  const events = await deps.stores.events.list({ jobId: job.id, afterSequence: 0, limit: eventsMax });
  const attempt = events.filter((event) => event.type === attemptEvent).length + 1;
  const again = attempt > 1 ? ` again, attempt ${attempt}` : '';
  await deps.stores.events.append(job.id, {
    type: attemptEvent,
    level: attempt > 1 ? 'warn' : 'info',
    message: `Reading ${job.source.filename} (${job.source.bytes} bytes)${again}.`,
    key: `${attemptEvent}:${attempt}`,
    data: { attempt },
  });
  return attempt;
}
