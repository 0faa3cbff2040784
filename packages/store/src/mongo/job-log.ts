import type { Clock, Log, NewId } from '@agon/kit';
import type { NewEvent } from '../ports/index.ts';
import { isDuplicateKey, pastRepeats } from './database-errors.ts';
import { escapeNames } from './free-names.ts';
import type { Models } from './models.ts';
import type { EventDocument } from './schemas.ts';

/** An event as it waits in the outbox of a job or a run. */
export type OutboxEntry = Omit<EventDocument, '_id' | 'jobId' | 'sequence'> & {
  /** Marks this very entry: an event may be entered twice, and then the events' unique keys keep one. */
  slot: string;
  id: string;
};

type JobOutbox = { _id: string; eventSequence: number; outbox: OutboxEntry[] };
type RunOutbox = { _id: string; jobId: string; outbox: OutboxEntry[] };

export type JobLog = {
  entry(event: NewEvent): OutboxEntry;
  /** Writes out the outbox of a job as it was just read. */
  flushJob(job: JobOutbox): Promise<void>;
  /** Moves the outbox of a run, as it was just read, into its job's and writes that out. */
  flushRun(run: RunOutbox): Promise<void>;
  /** Reads the outbox of a job and writes it out. */
  flush(jobId: string): Promise<void>;
};

/**
 * The log of a job, without transactions.
 *
 * An event is put into the `outbox` of the job document by the very write that makes it true, and that write raises
 * `eventSequence`. The entries of an outbox therefore own the last `outbox.length` numbers up to `eventSequence`.
 * Flushing copies entries to `events` in their order, then pulls exactly these entries, which are the oldest, so the
 * numbers of the rest do not move. Whoever crashes between leaves entries that anyone may flush again: number and key
 * are unique in `events`, so a second copy is dropped.
 *
 * Readers page by sequence. As every flush begins at the oldest entry that is not yet written, a number becomes visible
 * only after all lower ones are (or were dropped as repeats, which leaves a gap), so no event appears behind a reader.
 *
 * A run has an outbox of its own; its entries get their numbers when they move to the job's. A crash between puts them
 * there twice, with the same key.
 */
export function createJobLog(deps: { models: Models; clock: Clock; newId: NewId }): JobLog {
  const { models, clock, newId } = deps;

  async function flushJob(job: JobOutbox): Promise<void> {
    if (job.outbox.length === 0) return;
    const first = job.eventSequence - job.outbox.length + 1;
    const documents = job.outbox.map(({ slot: _, id, ...event }, index) => {
      return { _id: id, jobId: job._id, sequence: first + index, ...event };
    });
    try {
      // Not `ordered`, so that a repeat does not stop those after it; a single server still writes them one by one.
      await models.events.insertMany(documents, pastRepeats);
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    const slots = job.outbox.map((entry) => entry.slot);
    await models.jobs.updateOne({ _id: job._id }, { $pull: { outbox: { slot: { $in: slots } } } });
  }

  async function flushRun(run: RunOutbox): Promise<void> {
    if (run.outbox.length === 0) return;
    const entries = run.outbox.map((entry) => ({ ...entry, slot: newId('event') }));
    const job = await models.jobs
      .findOneAndUpdate(
        { _id: run.jobId },
        { $inc: { eventSequence: entries.length }, $push: { outbox: { $each: entries } } },
        { returnDocument: 'after', projection: { eventSequence: 1, outbox: 1 } },
      )
      .lean<JobOutbox>();
    const slots = run.outbox.map((entry) => entry.slot);
    await models.runs.updateOne({ _id: run._id }, { $pull: { outbox: { slot: { $in: slots } } } });
    if (job) await flushJob(job);
  }

  async function flush(jobId: string): Promise<void> {
    const job = await models.jobs.findById(jobId, { eventSequence: 1, outbox: 1 }).lean<JobOutbox>();
    if (job) await flushJob(job);
  }

  const entry = (event: NewEvent): OutboxEntry => {
    const id = newId('event');
    return {
      slot: newId('event'),
      id,
      key: event.key ?? id,
      type: event.type,
      level: event.level ?? 'info',
      message: event.message,
      data: escapeNames(event.data ?? {}),
      createdAt: new Date(clock.nowMs()),
    };
  };

  return { entry, flushJob, flushRun, flush };
}

/** Flushes after a write that stands whatever comes: what cannot be flushed now, `repair` flushes later. */
export async function flushQuietly(log: Log, flush: () => Promise<void>): Promise<void> {
  try {
    await flush();
  } catch (error) {
    log.warn({ err: error }, 'an event waits in its outbox');
  }
}
