import type { Stores } from '@agon/store';
import { namespaceSlug } from './slug.ts';

const keysLookedAt = 100;

/** The namespace of an account; one that is older than namespaces gets one now, named after its first key. */
export async function namespaceOf(stores: Pick<Stores, 'keys' | 'namespaces'>, accountId: string): Promise<string> {
  const known = await stores.namespaces.find(accountId);
  if (known !== undefined) return known;
  const keys = await stores.keys.list({ accountId, limit: keysLookedAt });
  return stores.namespaces.claim({ accountId, wanted: namespaceSlug(keys.at(-1)?.name ?? '') });
}
