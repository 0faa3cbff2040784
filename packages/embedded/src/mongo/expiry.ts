import type { Store } from './storage/store.ts';

/** Removes the documents whose time in a TTL index has passed; returns how many. Call it now and then, as MongoDB does. */
export function removeExpired(store: Store, nowMs: number): number {
  let removed = 0;
  for (const collection of store.all()) {
    for (const { name, expireAfterSeconds } of collection.specifications) {
      if (expireAfterSeconds === undefined) continue;
      const expired = collection.expired(name, new Date(nowMs - expireAfterSeconds * 1000));
      for (const record of expired) collection.remove(record);
      removed += expired.length;
    }
  }
  return removed;
}
