import type { FileRecord, FileStore } from '../ports/index.ts';
import { isDuplicateKey } from './database-errors.ts';
import { toDocument, toRecord } from './document.ts';
import { newestFirst, oldestFirst } from './newest-first.ts';
import type { FileDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

// Files from before there was an end of their time have none.
const recordOf = (document: FileDocument): FileRecord => ({
  ...toRecord(document),
  expiresAt: document.expiresAt ?? null,
});

export function createFileStore({ models: { files } }: Pick<StoreDeps, 'models'>): FileStore {
  return {
    async insert(file) {
      try {
        await files.create([toDocument(file)]);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async find(fileId) {
      const document = await files.findById(fileId).lean<FileDocument>();
      return document ? recordOf(document) : undefined;
    },

    async list({ accountId, purpose, order, ...paging }) {
      const filter = { accountId, ...(purpose === undefined ? {} : { purpose }) };
      const page = order === 'asc' ? oldestFirst : newestFirst;
      const documents = await page(files, filter, paging).lean<FileDocument[]>();
      return documents.map(recordOf);
    },

    async listExpired({ now, limit }) {
      const documents = await files
        .find({ expiresAt: { $lte: now } })
        .sort({ expiresAt: 1 })
        .limit(limit)
        .lean<FileDocument[]>();
      return documents.map(recordOf);
    },

    async delete(fileId) {
      await files.deleteOne({ _id: fileId });
    },
  };
}
