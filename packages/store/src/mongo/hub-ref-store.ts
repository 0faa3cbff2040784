import type { HubCommitRecord, HubCommitStore, HubRefRecord, HubRefStore } from '../ports/index.ts';
import { isDuplicateKey } from './database-errors.ts';
import type { HubCommitDocument, HubRefDocument } from './hub-schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const idOf = ({ repoId, kind, name }: Pick<HubRefRecord, 'repoId' | 'kind' | 'name'>): string =>
  `${repoId}/${kind}/${name}`;

const refOf = ({ _id, ...ref }: HubRefDocument): HubRefRecord => ref;

export function createHubRefStore({ models: { hubRefs } }: Pick<StoreDeps, 'models'>): HubRefStore {
  return {
    async insert(ref) {
      try {
        await hubRefs.create([{ _id: idOf(ref), ...ref }]);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async find({ repoId, name }) {
      const documents = await hubRefs.find({ repoId, name }).lean<HubRefDocument[]>();
      const document = documents.find(({ kind }) => kind === 'branch') ?? documents[0];
      return document ? refOf(document) : undefined;
    },

    async list(repoId) {
      const documents = await hubRefs.find({ repoId }).sort({ name: 1 }).lean<HubRefDocument[]>();
      return documents.map(refOf);
    },

    async advance({ repoId, name, from, to }) {
      const filter = { _id: idOf({ repoId, kind: 'branch', name }), commitId: from };
      const { matchedCount } = await hubRefs.updateOne(filter, { $set: { commitId: to } });
      return matchedCount === 1;
    },

    async delete(ref) {
      const { deletedCount } = await hubRefs.deleteOne({ _id: idOf(ref) });
      return deletedCount === 1;
    },

    async deleteByRepo(repoId) {
      await hubRefs.deleteMany({ repoId });
    },
  };
}

const commitOf = ({
  _id: id,
  treeSha256: sha256,
  treeBytes: bytes,
  ...fields
}: HubCommitDocument): HubCommitRecord => ({
  ...fields,
  id,
  tree: { sha256, bytes },
});

export function createHubCommitStore({ models: { hubCommits } }: Pick<StoreDeps, 'models'>): HubCommitStore {
  return {
    async insert({ id, tree, ...fields }) {
      await hubCommits.create([{ _id: id, treeSha256: tree.sha256, treeBytes: tree.bytes, ...fields }]);
    },

    async find({ repoId, commitId }) {
      const document = await hubCommits.findOne({ _id: commitId, repoId }).lean<HubCommitDocument>();
      return document ? commitOf(document) : undefined;
    },

    async settle(commitId) {
      await hubCommits.updateOne({ _id: commitId }, { $set: { settled: true } });
    },

    async listUnsettled({ before, limit }) {
      const documents = await hubCommits
        .find({ settled: false, createdAt: { $lt: before } })
        .sort({ createdAt: 1 })
        .limit(limit)
        .lean<HubCommitDocument[]>();
      return documents.map(commitOf);
    },

    async hasChild({ repoId, commitId }) {
      return (await hubCommits.exists({ repoId, parentId: commitId })) !== null;
    },

    async delete(commitId) {
      await hubCommits.deleteOne({ _id: commitId });
    },

    async deleteByRepo(repoId) {
      await hubCommits.deleteMany({ repoId });
    },
  };
}
