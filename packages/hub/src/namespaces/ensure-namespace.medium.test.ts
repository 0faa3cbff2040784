import { idMaker, silentLog, systemClock } from '@agon/kit';
import { connectStores, type Stores } from '@agon/store';
import { aHash, aKey, builtAt, testMongodbUrl } from '@agon/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureNamespace } from './ensure-namespace.ts';

let stores: Stores;
const newId = idMaker(systemClock.nowMs);
beforeAll(async () => {
  stores = await connectStores({ url: testMongodbUrl(), clock: systemClock, log: silentLog });
});
afterAll(() => stores.close());

let hashes = 0;
async function accountWith(...names: string[]): Promise<string> {
  const accountId = newId('account');
  for (const name of names) {
    hashes += 1;
    await stores.keys.insert(aKey({ id: newId('key'), accountId, name, hash: aHash(hashes) }));
  }
  return accountId;
}
const slugOfAccount = (accountId: string) => ensureNamespace(stores, { accountId, now: builtAt });

test('an account is named after its first key, and keeps its name', async () => {
  const alice = await accountWith('alice', 'ci');
  expect(await slugOfAccount(alice)).toBe('alice');
  expect(await slugOfAccount(alice)).toBe('alice');
  expect(await slugOfAccount(await accountWith('Alice'))).toBe('alice-2');
});

test('the operator has the name of the service, which nobody else gets', async () => {
  expect(await slugOfAccount(await accountWith('agon'))).toBe('agon-user');
  expect(await slugOfAccount(await accountWith('bootstrap'))).toBe('agon');
});

test('requests at the same time agree', async () => {
  const accountId = await accountWith('bob');
  const slugs = await Promise.all(Array.from({ length: 8 }, () => slugOfAccount(accountId)));
  expect(new Set(slugs)).toEqual(new Set(['bob']));
});
