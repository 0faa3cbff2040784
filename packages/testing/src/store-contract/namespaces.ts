import { expect, it } from 'vitest';
import { builtAt } from '../builders.ts';
import type { GetContext } from './context.ts';

export function namespaceContract(context: GetContext): void {
  it('are claimed once, whatever the case', async () => {
    const { stores, newId } = context();
    const namespace = { slug: 'alice', accountId: newId('account'), createdAt: builtAt };
    expect(await stores.namespaces.claim(namespace)).toBe(true);
    expect(await stores.namespaces.claim({ ...namespace, slug: 'ALICE', accountId: newId('account') })).toBe(false);
    expect(await stores.namespaces.find('Alice')).toEqual(namespace);
    expect(await stores.namespaces.findByAccount(namespace.accountId)).toEqual(namespace);
  });

  it('are one an account', async () => {
    const { stores, newId } = context();
    const first = { slug: 'bob', accountId: newId('account'), createdAt: builtAt };
    expect(await stores.namespaces.claim(first)).toBe(true);
    expect(await stores.namespaces.claim({ ...first, slug: 'bob-2' })).toBe(false);
    expect(await stores.namespaces.findByAccount(first.accountId)).toEqual(first);
    expect(await stores.namespaces.find('bob-2')).toBeUndefined();
  });
}
