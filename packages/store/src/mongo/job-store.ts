import { isFinalJob, JobStatus, jobCanMove } from '@agon/contracts';
import type { JobChange, JobRecord, JobStore, NewEvent } from '../ports/index.ts';
import { blobsOfJob } from './blobs.ts';
import { toDocument, toRecord } from './document.ts';
import { escapeNames } from './free-names.ts';
import { flushQuietly } from './job-log.ts';
import { newestFirst } from './newest-first.ts';
import type { JobDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const own = ['eventSequence', 'outbox', 'blobs', 'unannounced'] as const;
const finalStatuses = JobStatus.options.filter(isFinalJob);

/** Jobs that are older than their `publish` have what was done then. */
function recordOf(document: JobDocument): JobRecord {
  const job: JobRecord = toRecord(document, own);
  return { ...job, spec: { ...job.spec, publish: job.spec.publish ?? { private: true, merged: false, onnx: true } } };
}

/** Refuses a move that the table does not have; the caller's program is wrong. */
function checkJobMove(from: readonly JobStatus[], to: JobStatus): void {
  for (const state of from) {
    if (!jobCanMove({ from: state, to })) throw new RangeError(`A job cannot move from ${state} to ${to}.`);
  }
}

/** Each pair by itself, as a job may have others besides. */
const metadataFilter = (metadata: Readonly<Record<string, string>> | null): Record<string, unknown> =>
  metadata === null
    ? { 'spec.metadata': {} }
    : Object.fromEntries(
        Object.entries(escapeNames(metadata)).map(([name, value]) => [`spec.metadata.${name}`, value]),
      );

export function createJobStore({ models, clock, log, jobLog }: StoreDeps): JobStore {
  /** One write: the fields, and where something happened also its event. */
  async function change(filter: Record<string, unknown>, set: JobChange & { status?: JobStatus }, event?: NewEvent) {
    const blobs = blobsOfJob(set);
    const push = event ? { outbox: jobLog.entry(event) } : undefined;
    const update = {
      $set: escapeNames({ ...set, updatedAt: set.updatedAt ?? new Date(clock.nowMs()) }),
      ...(push ? { $push: push, $inc: { eventSequence: 1 } } : {}),
      ...(blobs.length > 0 ? { $addToSet: { blobs: { $each: blobs } } } : {}),
    };
    const document = await models.jobs
      .findOneAndUpdate(filter, update, { returnDocument: 'after' })
      .lean<JobDocument>();
    if (!document) return undefined;
    await flushQuietly(log, () => jobLog.flushJob(document));
    return recordOf(document);
  }

  return {
    async insert(job, event) {
      const outbox = [jobLog.entry(event)];
      const known = { eventSequence: 1, unannounced: true as const, outbox, blobs: blobsOfJob(job) };
      const document = { ...toDocument(job), ...known };
      await models.jobs.create([document]);
      await flushQuietly(log, () => jobLog.flushJob(document));
    },

    async find(jobId) {
      const document = await models.jobs.findById(jobId).lean<JobDocument>();
      return document ? recordOf(document) : undefined;
    },

    async list({ accountId, statuses, tasks, metadata, ...paging }) {
      const filter = {
        ...(accountId === undefined ? {} : { accountId }),
        ...(statuses === undefined ? {} : { status: { $in: statuses } }),
        ...(tasks === undefined ? {} : { task: { $in: tasks } }),
        ...(metadata === undefined ? {} : metadataFilter(metadata)),
      };
      const documents = await newestFirst(models.jobs, filter, paging).lean<JobDocument[]>();
      return documents.map(recordOf);
    },

    async move({ jobId, from, to, set, event }) {
      const states = typeof from === 'string' ? [from] : from;
      checkJobMove(states, to);
      const ended = isFinalJob(to) ? { finishedAt: new Date(clock.nowMs()) } : {};
      return change({ _id: jobId, status: { $in: states } }, { ...ended, ...set, status: to }, event);
    },

    async update({ jobId, while: states, unset = [], set, event }) {
      const stillNull = Object.fromEntries(unset.map((field) => [field, null]));
      return change({ ...stillNull, _id: jobId, status: { $in: states } }, set, event);
    },

    async delete(jobId) {
      await models.jobs.deleteOne({ _id: jobId });
    },

    async listUnannounced({ limit }) {
      const filter = { unannounced: true as const, status: { $in: finalStatuses } };
      const documents = await models.jobs.find(filter).limit(limit).lean<JobDocument[]>();
      return documents.map(recordOf);
    },

    async markAnnounced(jobId) {
      await models.jobs.updateOne({ _id: jobId }, { $unset: { unannounced: 1 } });
    },
  };
}
