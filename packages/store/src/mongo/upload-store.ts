import type { UploadRecord, UploadStore } from '../ports/index.ts';
import { isDuplicateKey, pastRepeats } from './database-errors.ts';
import { toDocument, toRecord } from './document.ts';
import type { UploadDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const recordOf = (document: UploadDocument): UploadRecord => toRecord(document);

export function createUploadStore({ models: { uploads } }: Pick<StoreDeps, 'models'>): UploadStore {
  return {
    async insertMany(records) {
      if (records.length === 0) return;
      try {
        await uploads.insertMany(records.map(toDocument), pastRepeats);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    },

    async find(uploadId) {
      const document = await uploads.findById(uploadId).lean<UploadDocument>();
      return document ? recordOf(document) : undefined;
    },

    async listByRun(runId) {
      const documents = await uploads.find({ runId }).sort({ _id: 1 }).lean<UploadDocument[]>();
      return documents.map(recordOf);
    },

    async receive(uploadId) {
      const document = await uploads
        .findOneAndUpdate(
          { _id: uploadId, status: 'receiving' },
          { $set: { status: 'received' } },
          { returnDocument: 'after' },
        )
        .lean<UploadDocument>();
      return document ? recordOf(document) : undefined;
    },

    async endByRun(runId) {
      // One that is received between the two is named too; to discard its staged bytes does nothing then.
      const unfinished = await uploads.find({ runId, status: 'receiving' }).lean<UploadDocument[]>();
      await uploads.updateMany({ runId, status: { $ne: 'ended' } }, { $set: { status: 'ended' } });
      return unfinished.map((document) => ({ ...recordOf(document), status: 'ended' }));
    },

    async listExpired({ now, limit }) {
      const documents = await uploads
        .find({ status: 'receiving', expiresAt: { $lte: now } })
        .sort({ expiresAt: 1 })
        .limit(limit)
        .lean<UploadDocument[]>();
      return documents.map(recordOf);
    },

    async deleteByJob(jobId) {
      await uploads.deleteMany({ jobId });
    },
  };
}
