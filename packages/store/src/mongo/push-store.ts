import type { PushRecord, PushStore } from '../ports/index.ts';
import { isDuplicateKey } from './database-errors.ts';
import { toDocument, toRecord } from './document.ts';
import type { PushDocument } from './push-schema.ts';
import type { StoreDeps } from './store-deps.ts';

const recordOf = (document: PushDocument): PushRecord => toRecord(document);
const ended = { token: null, nextAttemptAt: null } as const;

type Pushes = StoreDeps['models']['pushes'];
type Attempts = Pick<PushStore, 'claim' | 'touch' | 'settle' | 'restart'>;

export const createPushStore = ({ models: { pushes } }: Pick<StoreDeps, 'models'>): PushStore => ({
  ...createKeeping(pushes),
  ...createAttempts(pushes),
});

function createKeeping(pushes: Pushes): Omit<PushStore, keyof Attempts> {
  async function listWhere(
    filter: Record<string, unknown>,
    sort: Record<string, 1>,
    limit: number,
  ): Promise<PushRecord[]> {
    const documents = await pushes.find(filter).sort(sort).limit(limit).lean<PushDocument[]>();
    return documents.map(recordOf);
  }

  return {
    async insert(push) {
      try {
        await pushes.create([toDocument(push)]);
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    },

    async find(pushId) {
      const document = await pushes.findById(pushId).lean<PushDocument>();
      return document ? recordOf(document) : undefined;
    },

    async findInRegistry(repo) {
      const document = await pushes.findOne({ repo, where: 'registry', status: 'done' }).lean<PushDocument>();
      return document ? recordOf(document) : undefined;
    },

    async listByModels(modelIds) {
      const documents = await pushes
        .find({ modelId: { $in: [...modelIds] } })
        .sort({ createdAt: 1, _id: 1 })
        .lean<PushDocument[]>();
      return documents.map(recordOf);
    },

    async listDue({ now, silentSince, limit }) {
      const due = await listWhere({ status: 'pending', nextAttemptAt: { $lte: now } }, { nextAttemptAt: 1 }, limit);
      const silent = await listWhere({ status: 'pushing', updatedAt: { $lte: silentSince } }, { updatedAt: 1 }, limit);
      return [...due, ...silent].slice(0, limit);
    },

    listWaiting: ({ before, limit }) =>
      listWhere(
        { status: 'pending', nextAttemptAt: null, createdAt: { $lte: before } },
        { createdAt: 1, _id: 1 },
        limit,
      ),

    async release({ modelId, now }) {
      await pushes.updateMany(
        { modelId, status: 'pending', nextAttemptAt: null },
        { $set: { nextAttemptAt: now, askedAt: now, updatedAt: now } },
      );
    },

    async endWaiting({ modelId, message, now }) {
      const done = await pushes.updateMany(
        { modelId, status: 'pending', nextAttemptAt: null },
        { $set: { ...ended, status: 'failed', message, updatedAt: now } },
      );
      return done.modifiedCount;
    },

    async deleteByModel(modelId) {
      await pushes.deleteMany({ modelId });
    },
  };
}

/** Every change of a status is a compare-and-set on the status, and where an attempt is held, on its number. */
function createAttempts(pushes: Pushes): Attempts {
  async function change(
    filter: Record<string, unknown>,
    update: Record<string, unknown>,
  ): Promise<PushRecord | undefined> {
    const document = await pushes.findOneAndUpdate(filter, update, { returnDocument: 'after' }).lean<PushDocument>();
    return document ? recordOf(document) : undefined;
  }

  return {
    async claim({ pushId, now, silentSince }) {
      const update = { $set: { status: 'pushing', progress: 0, updatedAt: now }, $inc: { attempts: 1 } };
      const waiting = { _id: pushId, status: 'pending' as const, nextAttemptAt: { $ne: null } };
      const silent = { _id: pushId, status: 'pushing' as const, updatedAt: { $lte: silentSince } };
      return (await change(waiting, update)) ?? change(silent, update);
    },

    async touch({ pushId, attempt, progress, now }) {
      const held = { _id: pushId, status: 'pushing' as const, attempts: attempt };
      return (await change(held, { $set: { progress, updatedAt: now } })) !== undefined;
    },

    settle: ({ pushId, attempt, to, set, now }) =>
      change(
        { _id: pushId, status: 'pushing', attempts: attempt },
        {
          $set: {
            ...set,
            ...(to === 'pending' ? {} : ended),
            ...(to === 'done' ? { progress: 1 } : {}),
            status: to,
            updatedAt: now,
          },
        },
      ),

    restart: ({ pushId, set, now }) =>
      change(
        { _id: pushId, status: { $ne: 'pushing' } },
        { $set: { ...set, status: 'pending', message: null, askedAt: now, nextAttemptAt: now, updatedAt: now } },
      ),
  };
}
