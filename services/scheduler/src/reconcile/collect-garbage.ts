import type { SchedulerDeps } from '../scheduler-deps.ts';

/** What is written is referred to soon after; a blob this old that nothing refers to was left by a crash or a deletion. */
const keepMs = 60 * 60 * 1_000;
const restMs = 10 * 60 * 1_000;
const blobsPerPass = 200;

type Blobs = AsyncIterator<{ sha256: string; storedAt: Date }>;

/** Deletes blobs that nothing refers to: some in each pass, then none for ten minutes. Answers how many it deleted. */
export function buildCollectGarbage(deps: SchedulerDeps): () => Promise<number> {
  let blobs: Blobs | undefined;
  let restUntilMs = 0;

  async function pass(listed: Blobs): Promise<number> {
    let deleted = 0;
    for (let count = 0; count < blobsPerPass; count += 1) {
      const next = await listed.next();
      if (next.done) {
        blobs = undefined;
        restUntilMs = deps.clock.nowMs() + restMs;
        return deleted;
      }
      if (await isGarbage(deps, next.value)) {
        await deps.artifacts.delete(next.value.sha256);
        deleted += 1;
      }
    }
    return deleted;
  }

  return async () => {
    if (blobs === undefined && deps.clock.nowMs() < restUntilMs) return 0;
    blobs ??= deps.artifacts.list()[Symbol.asyncIterator]();
    try {
      return await pass(blobs);
    } catch (error) {
      blobs = undefined;
      throw error;
    }
  };
}

async function isGarbage(deps: SchedulerDeps, blob: { sha256: string; storedAt: Date }): Promise<boolean> {
  if (deps.clock.nowMs() - blob.storedAt.getTime() < keepMs) return false;
  return !(await deps.stores.isReferenced(blob.sha256));
}
