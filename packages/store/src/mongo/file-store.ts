import type { FileRecord, FileStore } from '../ports/index.ts';
import { toDocument, toRecord } from './document.ts';
import { newestFirst } from './newest-first.ts';
import type { FileDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const recordOf = (document: FileDocument): FileRecord => toRecord(document);

export function createFileStore({ models: { files } }: Pick<StoreDeps, 'models'>): FileStore {
  return {
    async insert(file) {
      await files.create([toDocument(file)]);
    },

    async find(fileId) {
      const document = await files.findById(fileId).lean<FileDocument>();
      return document ? recordOf(document) : undefined;
    },

    async list({ accountId, purpose, ...paging }) {
      const filter = { accountId, ...(purpose === undefined ? {} : { purpose }) };
      const documents = await newestFirst(files, filter, paging).lean<FileDocument[]>();
      return documents.map(recordOf);
    },

    async delete(fileId) {
      await files.deleteOne({ _id: fileId });
    },
  };
}
