import { isFinalRun, type RunStatus, runCanMove } from '@agon/contracts';
import type { NewEvent, RunChange, RunRecord, RunStore } from '../ports/index.ts';
import { blobsOfRun } from './blobs.ts';
import { isDuplicateKey } from './database-errors.ts';
import { toDocument, toRecord } from './document.ts';
import { escapeNames } from './free-names.ts';
import { flushQuietly } from './job-log.ts';
import { newestFirst } from './newest-first.ts';
import type { RunDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const own = ['outbox', 'blobs'] as const;
const recordOf = (document: RunDocument): RunRecord => toRecord(document, own);

/** Refuses a move that the table does not have; the caller's program is wrong. */
function checkRunMove(from: readonly RunStatus[], to: RunStatus): void {
  for (const state of from) {
    if (!runCanMove({ from: state, to })) throw new RangeError(`A run cannot move from ${state} to ${to}.`);
  }
}

export function createRunStore({ models, clock, log, jobLog }: StoreDeps): RunStore {
  const { runs } = models;

  async function change(filter: Record<string, unknown>, set: RunChange & { status?: RunStatus }, event?: NewEvent) {
    const blobs = blobsOfRun(set);
    const update = {
      ...(Object.keys(set).length > 0 ? { $set: escapeNames(set) } : {}),
      ...(event ? { $push: { outbox: jobLog.entry(event) } } : {}),
      ...(blobs.length > 0 ? { $addToSet: { blobs: { $each: blobs } } } : {}),
    };
    const document = await runs.findOneAndUpdate(filter, update, { returnDocument: 'after' }).lean<RunDocument>();
    if (!document) return undefined;
    await flushQuietly(log, () => jobLog.flushRun(document));
    return recordOf(document);
  }

  const filterOf = (runId: string, states: readonly RunStatus[], fence: number | undefined) => ({
    _id: runId,
    status: { $in: states },
    ...(fence === undefined ? {} : { fence }),
  });

  async function listWhere(filter: Record<string, unknown>, limit = 0): Promise<RunRecord[]> {
    const documents = await runs.find(filter).sort({ createdAt: 1, _id: 1 }).limit(limit).lean<RunDocument[]>();
    return documents.map(recordOf);
  }

  return {
    async insert(run, event) {
      const document = { ...toDocument(run), outbox: [jobLog.entry(event)], blobs: blobsOfRun(run) };
      try {
        await runs.create([document]);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return;
      }
      await flushQuietly(log, () => jobLog.flushRun(document));
    },

    async find(runId) {
      const document = await runs.findById(runId).lean<RunDocument>();
      return document ? recordOf(document) : undefined;
    },

    listByJob: (jobId) => listWhere({ jobId }),
    listByStatus: ({ statuses, limit }) => listWhere({ status: { $in: statuses } }, limit),

    async listByMiner({ minerId, ...paging }) {
      const documents = await newestFirst(runs, { minerId }, paging).lean<RunDocument[]>();
      return documents.map(recordOf);
    },

    async countByJob({ minerId, jobIds }) {
      const groups = await runs.aggregate<{ _id: string; count: number }>([
        { $match: { minerId, jobId: { $in: [...jobIds] } } },
        { $group: { _id: '$jobId', count: { $sum: 1 } } },
      ]);
      return new Map(groups.map(({ _id, count }) => [_id, count]));
    },

    async move({ runId, from, to, fence, set, event }) {
      const states = typeof from === 'string' ? [from] : from;
      checkRunMove(states, to);
      const ended = isFinalRun(to) ? { finishedAt: new Date(clock.nowMs()) } : {};
      return change(filterOf(runId, states, fence), { ...ended, ...set, status: to }, event);
    },

    async update({ runId, while: states, fence, set, event }) {
      return change(filterOf(runId, states, fence), set, event);
    },

    async countByMiner(minerIds) {
      const groups = await runs.aggregate<{ _id: { minerId: string; status: RunStatus }; count: number }>([
        { $match: { minerId: { $in: [...minerIds] } } },
        { $group: { _id: { minerId: '$minerId', status: '$status' }, count: { $sum: 1 } } },
      ]);
      const counts = new Map<string, Map<RunStatus, number>>();
      for (const { _id, count } of groups) {
        const ofMiner = counts.get(_id.minerId) ?? new Map<RunStatus, number>();
        counts.set(_id.minerId, ofMiner.set(_id.status, count));
      }
      return counts;
    },

    async deleteByJob(jobId) {
      await runs.deleteMany({ jobId });
    },
  };
}
