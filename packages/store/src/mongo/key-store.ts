import type { KeyRecord, KeyStore } from '../ports/index.ts';
import { isDuplicateKey } from './database-errors.ts';
import { toDocument, toRecord } from './document.ts';
import { newestFirst } from './newest-first.ts';
import type { KeyDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const recordOf = (document: KeyDocument): KeyRecord => toRecord(document);

export function createKeyStore({ models: { keys } }: Pick<StoreDeps, 'models'>): KeyStore {
  return {
    async insert(key) {
      try {
        await keys.create([toDocument(key)]);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    },

    async findByHash(hash) {
      const document = await keys.findOne({ hash }).lean<KeyDocument>();
      return document ? recordOf(document) : undefined;
    },

    async find(keyId) {
      const document = await keys.findById(keyId).lean<KeyDocument>();
      return document ? recordOf(document) : undefined;
    },

    async list({ accountId, ...paging }) {
      const filter = accountId === undefined ? {} : { accountId };
      const documents = await newestFirst(keys, filter, paging).lean<KeyDocument[]>();
      return documents.map(recordOf);
    },

    async revoke({ keyId, now }) {
      // A key that was revoked keeps its first time.
      await keys.updateOne({ _id: keyId, revokedAt: null }, { $set: { revokedAt: now } });
      const document = await keys.findById(keyId).lean<KeyDocument>();
      return document ? recordOf(document) : undefined;
    },
  };
}
