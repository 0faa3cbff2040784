import type { HubRepoName, HubRepoRecord, HubRepoStore } from '../ports/index.ts';
import { isDuplicateKey } from './database-errors.ts';
import { toDocument, toRecord } from './document.ts';
import type { HubRepoDocument } from './hub-schemas.ts';
import { newestFirst } from './newest-first.ts';
import type { StoreDeps } from './store-deps.ts';

const recordOf = (document: HubRepoDocument): HubRepoRecord => toRecord(document, ['key', 'fullName']);
const fullNameOf = ({ namespace, name }: HubRepoName): string => `${namespace}/${name}`.toLowerCase();
const keyOf = (name: HubRepoName): string => `${name.type}:${fullNameOf(name)}`;
const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

export function createHubRepoStore({ models: { hubRepos } }: Pick<StoreDeps, 'models'>): HubRepoStore {
  const found = (document: HubRepoDocument | null): HubRepoRecord | undefined =>
    document ? recordOf(document) : undefined;

  return {
    async insert(repo) {
      try {
        await hubRepos.create([{ ...toDocument(repo), key: keyOf(repo), fullName: fullNameOf(repo) }]);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async find(repoId) {
      return found(await hubRepos.findOne({ _id: repoId, deletedAt: null }).lean<HubRepoDocument>());
    },

    async findByName(name) {
      return found(await hubRepos.findOne({ key: keyOf(name) }).lean<HubRepoDocument>());
    },

    async list({ type, namespace, search, readerId, ...paging }) {
      const filter = {
        type,
        deletedAt: null,
        ...(namespace === undefined ? {} : { namespace: namespace.toLowerCase() }),
        ...(search === undefined ? {} : { fullName: { $regex: literally(search.toLowerCase()) } }),
        ...(readerId === undefined ? { private: false } : { $or: [{ private: false }, { accountId: readerId }] }),
      };
      const documents = await newestFirst(hubRepos, filter, paging).lean<HubRepoDocument[]>();
      return documents.map(recordOf);
    },

    async update(repoId, set) {
      return found(
        await hubRepos
          .findOneAndUpdate({ _id: repoId, deletedAt: null }, { $set: set }, { returnDocument: 'after' })
          .lean<HubRepoDocument>(),
      );
    },

    async markDeleted(repoId, now) {
      const change = { $set: { deletedAt: now }, $unset: { key: 1 as const } };
      return found(
        await hubRepos
          .findOneAndUpdate({ _id: repoId, deletedAt: null }, change, { returnDocument: 'after' })
          .lean<HubRepoDocument>(),
      );
    },

    async listDeleted(limit) {
      const documents = await hubRepos
        .find({ deletedAt: { $ne: null } })
        .sort({ _id: 1 })
        .limit(limit)
        .lean<HubRepoDocument[]>();
      return documents.map(recordOf);
    },

    async remove(repoId) {
      await hubRepos.deleteOne({ _id: repoId });
    },
  };
}
