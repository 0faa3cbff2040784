import type { HubBlobRecord, HubBlobStore } from '../ports/index.ts';
import { isDuplicateKey, pastRepeats } from './database-errors.ts';
import type { Models } from './models.ts';
import type { StoreDeps } from './store-deps.ts';

const batch = 1_000;
const idOf = (repoId: string, sha256: string): string => `${repoId}/${sha256}`;

function* batchesOf<T>(items: readonly T[]): Generator<T[]> {
  for (let start = 0; start < items.length; start += batch) yield items.slice(start, start + batch);
}

export function createHubBlobStore({ models }: Pick<StoreDeps, 'models'>): HubBlobStore {
  const { hubBlobs } = models;
  return {
    async hold(blobs) {
      for (const some of batchesOf(blobs)) await holdSome(models, some);
    },

    async listOwned({ accountId, sha256s }) {
      const owned = new Set<string>();
      for (const some of batchesOf(sha256s))
        for (const sha256 of await ownedOf(models, accountId, some)) owned.add(sha256);
      return owned;
    },

    async deleteByRepo(repoId) {
      await hubBlobs.deleteMany({ repoId });
    },
  };
}

async function holdSome({ hubBlobs }: Pick<Models, 'hubBlobs'>, blobs: readonly HubBlobRecord[]): Promise<void> {
  try {
    await hubBlobs.insertMany(
      blobs.map((blob) => ({ _id: idOf(blob.repoId, blob.sha256), ...blob })),
      pastRepeats,
    );
    return;
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  // Some were there: they get the later time of the two, where null is for ever.
  const times = new Map<number | null, HubBlobRecord[]>();
  for (const blob of blobs) {
    const time = blob.expiresAt?.getTime() ?? null;
    times.set(time, [...(times.get(time) ?? []), blob]);
  }
  for (const [time, some] of times) {
    const _id = { $in: some.map((blob) => idOf(blob.repoId, blob.sha256)) };
    const expiresAt = time === null ? null : new Date(time);
    const earlier = expiresAt === null ? { $ne: null } : { $lt: expiresAt };
    await hubBlobs.updateMany({ _id, expiresAt: earlier }, { $set: { expiresAt } });
  }
}

async function ownedOf(models: Models, accountId: string, sha256s: readonly string[]): Promise<string[]> {
  const wanted = new Set(sha256s);
  const among = { $in: [...sha256s] };
  const [blobs, files, own, base] = await Promise.all([
    models.hubBlobs.find({ accountId, sha256: among }, { sha256: 1 }).lean<{ sha256: string }[]>(),
    models.files.find({ accountId, sha256: among }, { sha256: 1 }).lean<{ sha256: string }[]>(),
    models.models.find({ accountId, blobs: among }, { blobs: 1 }).lean<{ blobs: string[] }[]>(),
    models.baseModels.find({ blobs: among }, { blobs: 1 }).lean<{ blobs: string[] }[]>(),
  ]);
  const found = [...blobs, ...files].map(({ sha256 }) => sha256);
  return [...found, ...[...own, ...base].flatMap((holder) => holder.blobs.filter((sha256) => wanted.has(sha256)))];
}
