import type { SeatRecord, SeatStore } from '../ports/index.ts';
import { isDuplicateKey, pastRepeats } from './database-errors.ts';
import { toRecord } from './document.ts';
import type { SeatDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const recordOf = (document: SeatDocument): SeatRecord => toRecord(document);
const free = { $in: ['open', 'lapsed'] } as const;
const held = { $in: ['leased', 'lapsed'] } as const;
const vacant = { minerId: null, runId: null, leasedAt: null } as const;

export function createSeatStore({ models: { seats } }: Pick<StoreDeps, 'models'>): SeatStore {
  async function change(filter: Record<string, unknown>, update: Record<string, unknown>) {
    const document = await seats.findOneAndUpdate(filter, update, { returnDocument: 'after' }).lean<SeatDocument>();
    return document ? recordOf(document) : undefined;
  }

  async function listWhere(filter: Record<string, unknown>): Promise<SeatRecord[]> {
    const documents = await seats.find(filter).sort({ jobId: 1, index: 1 }).lean<SeatDocument[]>();
    return documents.map(recordOf);
  }

  return {
    async ensure({ jobId, count, createdAt }) {
      const documents = Array.from({ length: count }, (_, index) => {
        return { _id: `${jobId}.${index}`, jobId, index, status: 'open' as const, fence: 0, attempts: 0, createdAt };
      });
      try {
        await seats.insertMany(
          documents.map((document) => ({ ...document, ...vacant })),
          pastRepeats,
        );
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    },

    async find(seatId) {
      const document = await seats.findById(seatId).lean<SeatDocument>();
      return document ? recordOf(document) : undefined;
    },

    listByJob: (jobId) => listWhere({ jobId }),
    listByJobs: (jobIds) => listWhere({ jobId: { $in: jobIds } }),

    async listFree({ limit }) {
      const documents = await seats
        .find({ status: free })
        .sort({ createdAt: 1, _id: 1 })
        .limit(limit)
        .lean<SeatDocument[]>();
      return documents.map(recordOf);
    },

    async claim({ seatId, fence, minerId, runId, now }) {
      const taken = { status: 'leased', minerId, runId, leasedAt: now };
      try {
        return await change({ _id: seatId, fence, status: free }, { $set: taken, $inc: { fence: 1, attempts: 1 } });
      } catch (error) {
        if (isDuplicateKey(error)) return undefined;
        throw error;
      }
    },

    lapse: ({ seatId, fence }) => change({ _id: seatId, fence, status: 'leased' }, { $set: { status: 'lapsed' } }),
    resume: ({ seatId, fence }) => change({ _id: seatId, fence, status: 'lapsed' }, { $set: { status: 'leased' } }),

    release: ({ seatId, fence, to }) =>
      change(
        { _id: seatId, fence, status: held },
        { $set: to === 'open' ? { status: to, ...vacant } : { status: to } },
      ),

    async closeFree(jobId) {
      const done = await seats.updateMany({ jobId, status: free }, { $set: { status: 'closed' } });
      return done.modifiedCount;
    },

    async closeAll(jobId) {
      const done = await seats.updateMany({ jobId, status: { $ne: 'closed' } }, { $set: { status: 'closed' } });
      return done.modifiedCount;
    },

    async deleteByJob(jobId) {
      await seats.deleteMany({ jobId });
    },
  };
}
