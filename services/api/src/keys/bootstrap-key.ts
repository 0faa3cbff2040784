import { idPrefixes, type Scope } from '@agon/contracts';
import type { Stores } from '@agon/store';
import { hashKey } from '../http/authenticate.ts';
import { prefixCharacters } from './create-key.ts';

const namespace = 'agon';
const scopes: Scope[] = ['jobs:read', 'jobs:write', 'admin'];

/**
 * Makes the operator's own key known, as often as the service starts. Its ids follow from its hash, so that every replica
 * means the same account.
 */
export async function insertBootstrapKey(
  stores: Pick<Stores, 'keys' | 'namespaces'>,
  key: string,
  now: Date,
): Promise<void> {
  const hash = hashKey(key);
  const tail = hash.slice(0, 24);
  await stores.keys.insert({
    id: idPrefixes.key + tail,
    accountId: idPrefixes.account + tail,
    name: 'bootstrap',
    scopes,
    hash,
    prefix: key.slice(0, prefixCharacters),
    createdAt: now,
    revokedAt: null,
  });
  await stores.namespaces.claim({ accountId: idPrefixes.account + tail, wanted: namespace });
}
