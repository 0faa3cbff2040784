import type { BaseModelRecord, BaseModelStore } from '../ports/index.ts';
import { blobsOfBaseModel } from './blobs.ts';
import { isDuplicateKey } from './database-errors.ts';
import { toDocument, toRecord } from './document.ts';
import type { BaseModelDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const recordOf = (document: BaseModelDocument): BaseModelRecord => toRecord(document, ['blobs']);
const newest = { createdAt: -1, _id: -1 } as const;

export function createBaseModelStore({ models: { baseModels } }: Pick<StoreDeps, 'models'>): BaseModelStore {
  return {
    async insert(model) {
      try {
        await baseModels.create([{ ...toDocument(model), blobs: blobsOfBaseModel(model) }]);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async find(id) {
      const document = await baseModels.findById(id).lean<BaseModelDocument>();
      return document ? recordOf(document) : undefined;
    },

    async findByName(name) {
      const document = await baseModels.findOne({ name }).sort(newest).lean<BaseModelDocument>();
      return document ? recordOf(document) : undefined;
    },

    async list({ after, limit }) {
      const filter = after === undefined ? {} : { _id: { $gt: after } };
      const documents = await baseModels.find(filter).sort({ _id: 1 }).limit(limit).lean<BaseModelDocument[]>();
      return documents.map(recordOf);
    },

    async delete(id) {
      await baseModels.deleteOne({ _id: id });
    },
  };
}
