import { expect, it } from 'vitest';
import type { GetContext } from './context.ts';

export function namespaceContract(context: GetContext): void {
  it('gives an account one name for good', async () => {
    const { stores, newId } = context();
    const accountId = newId('account');
    expect(await stores.namespaces.find(accountId)).toBeUndefined();
    expect(await stores.namespaces.claim({ accountId, wanted: 'Alice' })).toBe('alice');
    expect(await stores.namespaces.claim({ accountId, wanted: 'bob' })).toBe('alice');
    expect(await stores.namespaces.find(accountId)).toBe('alice');
    expect(await stores.namespaces.accountOf('ALICE')).toBe(accountId);
  });

  it('numbers a name that another account has', async () => {
    const { stores, newId } = context();
    const claims = Array.from({ length: 4 }, () =>
      stores.namespaces.claim({ accountId: newId('account'), wanted: 'carol' }),
    );
    expect((await Promise.all(claims)).sort()).toEqual(['carol', 'carol-2', 'carol-3', 'carol-4']);
    expect(await stores.namespaces.accountOf('nobody')).toBeUndefined();
  });
}
