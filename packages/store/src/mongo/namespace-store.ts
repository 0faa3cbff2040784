import type { NamespaceRecord, NamespaceStore } from '../ports/index.ts';
import { isDuplicateKey } from './database-errors.ts';
import type { NamespaceDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const recordOf = ({ _id: slug, accountId, createdAt }: NamespaceDocument): NamespaceRecord => ({
  slug,
  accountId,
  createdAt,
});

export function createNamespaceStore({ models: { namespaces } }: Pick<StoreDeps, 'models'>): NamespaceStore {
  return {
    async claim({ slug, ...fields }) {
      try {
        await namespaces.create([{ _id: slug.toLowerCase(), ...fields }]);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async find(slug) {
      const document = await namespaces.findById(slug.toLowerCase()).lean<NamespaceDocument>();
      return document ? recordOf(document) : undefined;
    },

    async findByAccount(accountId) {
      const document = await namespaces.findOne({ accountId }).lean<NamespaceDocument>();
      return document ? recordOf(document) : undefined;
    },
  };
}
