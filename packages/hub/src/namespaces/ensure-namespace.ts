import { AppError } from '@agon/contracts';
import type { KeyRecord, Stores } from '@agon/store';
import { slugOf, slugWithNumber } from './slug.ts';

const keysLookedAt = 100;
const numbersMax = 1_000;

/**
 * The slug of an account, made from the name of its first key where it has none yet. Two accounts with keys of one name
 * become `alice` and `alice-2`.
 *
 * @throws AppError `namespace_taken` where every number of the name is taken.
 */
export async function ensureNamespace(
  stores: Pick<Stores, 'keys' | 'namespaces'>,
  account: { accountId: string; now: Date },
): Promise<string> {
  const { accountId, now } = account;
  const found = await stores.namespaces.findByAccount(accountId);
  if (found) return found.slug;
  const keys = await stores.keys.list({ accountId, limit: keysLookedAt });
  const wanted = wantedSlug(keys.at(-1));
  for (let number = 1; number <= numbersMax; number += 1) {
    const slug = slugWithNumber(wanted, number);
    const claimed = await stores.namespaces.claim({ slug, accountId, createdAt: now });
    // Another request may have claimed one for this account meanwhile: the first stands.
    const own = claimed ? { slug } : await stores.namespaces.findByAccount(accountId);
    if (own) return own.slug;
  }
  throw new AppError('namespace_taken', `Every namespace like ${wanted} is taken.`);
}

/** The operator's own key is the first of the service, whose namespace has the name of the service. */
function wantedSlug(key: Pick<KeyRecord, 'name'> | undefined): string {
  if (key === undefined) return 'user';
  return key.name === 'bootstrap' ? 'agon' : slugOf(key.name);
}
