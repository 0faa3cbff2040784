import { expect, it } from 'vitest';
import { aMiner, someCapabilities } from '../builders.ts';
import type { GetContext, StoreContext } from './context.ts';

const unknownMiner = ({ newId }: StoreContext) =>
  aMiner({ id: newId('miner'), publicKey: newId('key').padEnd(43, 'x') });

export function minerContract(context: GetContext): void {
  it('registers a miner once, whoever of its requests comes first', async () => {
    const { stores, newId } = context();
    const miner = unknownMiner(context());
    const asked = Array.from({ length: 10 }, () => ({ ...miner, id: newId('miner') }));
    const answers = await Promise.all(asked.map((one) => stores.miners.register(one)));
    expect(new Set(answers.map((answer) => answer.id)).size).toBe(1);
    expect(await stores.miners.findByKey(miner.publicKey)).toEqual(answers[0]);
    expect(await stores.miners.findByKey('B'.repeat(43))).toBeUndefined();
  });

  it('brings a known miner up to date and keeps its id, creation and ban', async () => {
    const { stores, newId, clock } = context();
    const miner = { ...unknownMiner(context()), bannedAt: new Date(5) };
    await stores.miners.register(miner);
    clock.advance(1_000);
    const again = { ...miner, id: newId('miner'), name: 'new name', createdAt: clock.date(), bannedAt: null };
    const capabilities = someCapabilities({ cpus: 8 });
    const renewed = await stores.miners.register({ ...again, capabilities, lastSeenAt: clock.date() });
    expect(renewed).toEqual({ ...miner, name: 'new name', capabilities, lastSeenAt: clock.date() });
    expect(await stores.miners.find(miner.id)).toEqual(renewed);
  });

  it('lists newest first, and those seen since', async () => {
    const { stores, clock } = context();
    clock.advance(60_000);
    const [one, two] = [unknownMiner(context()), unknownMiner(context())];
    await stores.miners.register(one);
    await stores.miners.register(two);
    expect(await stores.miners.list({ limit: 1 })).toEqual([two]);
    expect(await stores.miners.list({ limit: 1, after: two.id })).toEqual([one]);
    const since = clock.date();
    expect(await stores.miners.listSeenSince(since)).toEqual([]);
    const capabilities = someCapabilities({ memory_mib: 1 });
    await stores.miners.touch({ minerId: one.id, now: since, capabilities });
    expect(await stores.miners.listSeenSince(since)).toEqual([{ ...one, lastSeenAt: since, capabilities }]);
  });

  it('lets a nonce be used once by a key', async () => {
    const { stores, newId } = context();
    const nonce = { nonce: newId('event'), expiresAt: new Date(Date.now() + 60_000) };
    const use = (publicKey: string) => stores.miners.useNonce({ publicKey, ...nonce });
    const answers = await Promise.all(Array.from({ length: 10 }, () => use('A'.repeat(43))));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await use('B'.repeat(43))).toBe(true);
  });
}
