import type { NamespaceStore } from '../ports/index.ts';
import { isDuplicateKey } from './database-errors.ts';
import type { NamespaceDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const numbersMax = 10_000;

/** Names are kept in lower case, so that two that differ by case only are one. */
export function createNamespaceStore({ models: { namespaces } }: Pick<StoreDeps, 'models'>): NamespaceStore {
  const find = async (accountId: string): Promise<string | undefined> =>
    (await namespaces.findOne({ accountId }).lean<NamespaceDocument>())?._id;

  /** False where the name is taken, or the account has got another meanwhile. */
  const insert = async (name: string, accountId: string): Promise<boolean> => {
    try {
      await namespaces.create([{ _id: name, accountId }]);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  };

  return {
    find,

    async claim({ accountId, wanted }) {
      const name = wanted.toLowerCase();
      for (let number = 1; number <= numbersMax; number += 1) {
        const known = await find(accountId);
        if (known !== undefined) return known;
        const candidate = number === 1 ? name : `${name}-${number}`;
        if (await insert(candidate, accountId)) return candidate;
      }
      throw new Error(`No name like ${name} is free.`);
    },

    async accountOf(name) {
      return (await namespaces.findById(name.toLowerCase()).lean<NamespaceDocument>())?.accountId;
    },
  };
}
