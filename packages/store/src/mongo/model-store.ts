import type { ModelRecord, ModelStore } from '../ports/index.ts';
import { blobsOfModel } from './blobs.ts';
import { isDuplicateKey } from './database-errors.ts';
import { toDocument, toRecord } from './document.ts';
import { newestFirst } from './newest-first.ts';
import type { ModelDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const recordOf = (document: ModelDocument): ModelRecord => toRecord(document, ['blobs']);
const winner = 'result.winner.miner';

export function createModelStore({ models: { models } }: Pick<StoreDeps, 'models'>): ModelStore {
  return {
    async insert(model) {
      try {
        await models.create([{ ...toDocument(model), blobs: blobsOfModel(model) }]);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async find(modelId) {
      const document = await models.findById(modelId).lean<ModelDocument>();
      return document ? recordOf(document) : undefined;
    },

    async findByAlias(alias) {
      const document = await models.findOne({ alias }).lean<ModelDocument>();
      return document ? recordOf(document) : undefined;
    },

    async list({ accountId, ...paging }) {
      const filter = accountId === undefined ? {} : { accountId };
      const documents = await newestFirst(models, filter, paging).lean<ModelDocument[]>();
      return documents.map(recordOf);
    },

    async delete(modelId) {
      await models.deleteOne({ _id: modelId });
    },

    async countWins(minerIds) {
      const groups = await models.aggregate<{ _id: string; count: number }>([
        { $match: { [winner]: { $in: [...minerIds] } } },
        { $group: { _id: `$${winner}`, count: { $sum: 1 } } },
      ]);
      return new Map(groups.map(({ _id, count }) => [_id, count]));
    },
  };
}
