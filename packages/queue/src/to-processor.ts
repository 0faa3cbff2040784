import { AppError, type HandlerOutcome, type QueueHandlers, type QueueJobName } from '@agon/contracts';
import type { Clock, Log } from '@agon/kit';
import { type Job, UnrecoverableError } from 'bullmq';
import type { WorkerCounters } from './counters.ts';
import { PayloadError, readPayload } from './work-key.ts';

export type ProcessorInput<N extends QueueJobName> = {
  name: N;
  handle: QueueHandlers<N>[N];
  counters: WorkerCounters;
  clock: Clock;
  log: Log;
};

const refusal = (error: unknown): boolean => error instanceof AppError && error.expected;

/** An error that a later try cannot mend. */
const hopeless = (error: unknown): boolean =>
  refusal(error) || error instanceof PayloadError || error instanceof UnrecoverableError;

const lastTry = (job: Job): boolean => job.attemptsMade + 1 >= (job.opts.attempts ?? 1);

/** Wraps a handler once: reads the payload, counts and times, and says which errors end the work. */
export function toProcessor<N extends QueueJobName>(input: ProcessorInput<N>): (job: Job) => Promise<HandlerOutcome> {
  const { name, handle, counters, clock, log } = input;
  return async (job) => {
    const startedMs = clock.nowMs();
    counters.active += 1;
    counters.waitMs += Math.max(0, startedMs - job.timestamp - job.delay);
    try {
      const outcome = await handle(readPayload(name, job.data));
      counters[outcome] += 1;
      return outcome;
    } catch (error) {
      counters[hopeless(error) || lastTry(job) ? 'failed' : 'retried'] += 1;
      report(log, job, error);
      throw hopeless(error) ? unrecoverable(error) : error;
    } finally {
      counters.active -= 1;
      counters.runMs += clock.nowMs() - startedMs;
    }
  };
}

function report(log: Log, job: Job, error: unknown): void {
  const facts = { err: error, queue: job.queueName, payload: job.data, attempt: job.attemptsMade + 1 };
  if (refusal(error)) log.warn(facts, 'work was refused');
  else if (hopeless(error) || lastTry(job)) log.error(facts, 'work was given up');
  else log.warn(facts, 'work failed and is tried again');
}

function unrecoverable(error: unknown): UnrecoverableError {
  const ended = new UnrecoverableError(error instanceof Error ? error.message : String(error));
  ended.cause = error;
  return ended;
}
