import { expect, it } from 'vitest';
import { aHash, aKey } from '../builders.ts';
import type { GetContext } from './context.ts';

export function keyContract(context: GetContext): void {
  it('finds a key by its hash, and keeps the first with a hash', async () => {
    const { stores, newId } = context();
    const key = aKey({ id: newId('key'), hash: aHash(100) });
    await stores.keys.insert(key);
    await stores.keys.insert({ ...key, id: newId('key'), name: 'other' });
    expect(await stores.keys.findByHash(key.hash)).toEqual(key);
    expect(await stores.keys.find(key.id)).toEqual(key);
    expect(await stores.keys.findByHash(aHash(101))).toBeUndefined();
  });

  it('lists the keys of an account newest first', async () => {
    const { stores, newId } = context();
    const accountId = newId('account');
    const keys = [1, 2].map((number) => aKey({ id: newId('key'), accountId, hash: aHash(200 + number) }));
    for (const key of keys) await stores.keys.insert(key);
    expect(await stores.keys.list({ accountId, limit: 5 })).toEqual(keys.toReversed());
    expect(await stores.keys.list({ limit: 1 })).toEqual([keys[1]]);
  });

  it('revokes a key at its first time', async () => {
    const { stores, newId } = context();
    const key = aKey({ id: newId('key'), hash: aHash(300) });
    await stores.keys.insert(key);
    const revoked = { ...key, revokedAt: new Date(5) };
    expect(await stores.keys.revoke({ keyId: key.id, now: new Date(5) })).toEqual(revoked);
    expect(await stores.keys.revoke({ keyId: key.id, now: new Date(9) })).toEqual(revoked);
    expect(await stores.keys.revoke({ keyId: 'key_unknown0', now: new Date(5) })).toBeUndefined();
  });
}
