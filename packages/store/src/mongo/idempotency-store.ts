import type { IdempotencyStore } from '../ports/index.ts';
import { isDuplicateKey } from './database-errors.ts';
import type { IdempotencyDocument } from './schemas.ts';
import type { StoreDeps } from './store-deps.ts';

export function createIdempotencyStore({
  models: { idempotency },
  clock,
}: Pick<StoreDeps, 'models' | 'clock'>): IdempotencyStore {
  const reserve: IdempotencyStore['reserve'] = async ({ key, ...reservation }) => {
    // The server removes what has expired only now and then, so what is found may be over already.
    await idempotency.deleteOne({ _id: key, expiresAt: { $lte: new Date(clock.nowMs()) } });
    try {
      await idempotency.create([{ _id: key, ...reservation }]);
      return undefined;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    const taken = await idempotency.findById(key).lean<IdempotencyDocument>();
    return taken ? { bodyHash: taken.bodyHash, jobId: taken.jobId } : reserve({ key, ...reservation });
  };

  return {
    reserve,

    async free(key) {
      await idempotency.deleteOne({ _id: key });
    },

    async freeByJob(jobId) {
      await idempotency.deleteMany({ jobId });
    },
  };
}
