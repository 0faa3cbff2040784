import type { EventRecord, EventStore } from '../ports/index.ts';
import { toRecord } from './document.ts';
import type { EventDocument, JobDocument, RunDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const batch = 100;
const waiting = { 'outbox.slot': { $gt: '' } };

export function createEventStore({ models, jobLog }: StoreDeps): EventStore {
  async function repairRuns(): Promise<number> {
    const runs = await models.runs.find(waiting, { jobId: 1, outbox: 1 }).limit(batch).lean<RunDocument[]>();
    for (const run of runs) await jobLog.flushRun(run);
    return runs.length;
  }

  async function repairJobs(): Promise<number> {
    const jobs = await models.jobs.find(waiting, { eventSequence: 1, outbox: 1 }).limit(batch).lean<JobDocument[]>();
    for (const job of jobs) await jobLog.flushJob(job);
    return jobs.length;
  }

  return {
    async append(jobId, event) {
      const job = await models.jobs
        .findOneAndUpdate(
          { _id: jobId },
          { $inc: { eventSequence: 1 }, $push: { outbox: jobLog.entry(event) } },
          { returnDocument: 'after', projection: { eventSequence: 1, outbox: 1 } },
        )
        .lean<JobDocument>();
      if (job) await jobLog.flushJob(job);
    },

    async list({ jobId, afterSequence, limit }) {
      // What another process put into the outbox and has not written yet belongs to the answer too.
      await jobLog.flush(jobId);
      const documents = await models.events
        .find({ jobId, sequence: { $gt: afterSequence } })
        .sort({ sequence: 1 })
        .limit(limit)
        .lean<EventDocument[]>();
      return documents.map((document) => toRecord<EventRecord>(document));
    },

    async listNewest({ jobId, beforeSequence, limit }) {
      await jobLog.flush(jobId);
      const documents = await models.events
        .find({ jobId, sequence: { $lt: beforeSequence } })
        .sort({ sequence: -1 })
        .limit(limit)
        .lean<EventDocument[]>();
      return documents.map((document) => toRecord<EventRecord>(document));
    },

    async repair() {
      let repaired = 0;
      for (let found = batch; found === batch; repaired += found) found = await repairRuns();
      for (let found = batch; found === batch; repaired += found) found = await repairJobs();
      return repaired;
    },

    async deleteByJob(jobId) {
      await models.events.deleteMany({ jobId });
    },
  };
}
