import type { MinerRecord, MinerStore } from '../ports/index.ts';
import { isDuplicateKey } from './database-errors.ts';
import { toDocument, toRecord } from './document.ts';
import { newestFirst } from './newest-first.ts';
import type { MinerDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

const recordOf = (document: MinerDocument): MinerRecord => toRecord(document);

export function createMinerStore({ models: { miners, nonces } }: Pick<StoreDeps, 'models'>): MinerStore {
  async function renew({ publicKey, name, capabilities, lastSeenAt }: MinerRecord): Promise<MinerRecord | undefined> {
    const document = await miners
      .findOneAndUpdate({ publicKey }, { $set: { name, capabilities, lastSeenAt } }, { returnDocument: 'after' })
      .lean<MinerDocument>();
    return document ? recordOf(document) : undefined;
  }

  return {
    async register(miner) {
      const known = await renew(miner);
      if (known) return known;
      try {
        await miners.create([toDocument(miner)]);
        return miner;
      } catch (error) {
        // Another request of the same key was faster.
        const other = isDuplicateKey(error) ? await renew(miner) : undefined;
        if (other) return other;
        throw error;
      }
    },

    async find(minerId) {
      const document = await miners.findById(minerId).lean<MinerDocument>();
      return document ? recordOf(document) : undefined;
    },

    async findByKey(publicKey) {
      const document = await miners.findOne({ publicKey }).lean<MinerDocument>();
      return document ? recordOf(document) : undefined;
    },

    async list(paging) {
      const documents = await newestFirst(miners, {}, paging).lean<MinerDocument[]>();
      return documents.map(recordOf);
    },

    async touch({ minerId, now, capabilities }) {
      await miners.updateOne(
        { _id: minerId },
        { $set: { lastSeenAt: now, ...(capabilities === undefined ? {} : { capabilities }) } },
      );
    },

    async listSeenSince(since) {
      const documents = await miners
        .find({ lastSeenAt: { $gte: since } })
        .sort({ lastSeenAt: -1 })
        .lean<MinerDocument[]>();
      return documents.map(recordOf);
    },

    async useNonce({ publicKey, nonce, expiresAt }) {
      try {
        await nonces.create([{ _id: `${publicKey}.${nonce}`, expiresAt }]);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },
  };
}
