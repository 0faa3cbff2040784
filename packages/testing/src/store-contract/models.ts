import { expect, it } from 'vitest';
import { aModel, aResult } from '../builders.ts';
import type { GetContext } from './context.ts';

export function modelContract(context: GetContext): void {
  it('keeps the first model of an id', async () => {
    const { stores, newId } = context();
    const model = aModel({ id: newId('model') });
    expect(await stores.models.insert(model)).toBe(true);
    expect(await stores.models.insert({ ...model, name: 'other' })).toBe(false);
    expect(await stores.models.find(model.id)).toEqual(model);
  });

  it('lists newest first, of one account or of all', async () => {
    const { stores, newId } = context();
    const accountId = newId('account');
    const models = [1, 2, 3].map(() => aModel({ id: newId('model'), accountId }));
    for (const model of models) await stores.models.insert(model);
    expect(await stores.models.list({ accountId, limit: 2 })).toEqual([models[2], models[1]]);
    expect(await stores.models.list({ accountId, limit: 2, after: models[1]!.id })).toEqual([models[0]]);
    expect(await stores.models.list({ limit: 1 })).toEqual([models[2]]);
    await stores.models.delete(models[2]!.id);
    expect(await stores.models.find(models[2]!.id)).toBeUndefined();
  });

  it('finds a model by its alias, which is unique where there is one', async () => {
    const { stores, newId } = context();
    const alias = `ft:org/base:acme:x:${newId('model').slice(-8)}`;
    const model = aModel({ id: newId('model'), alias });
    await stores.models.insert(model);
    expect(await stores.models.findByAlias(alias)).toEqual(model);
    expect(await stores.models.findByAlias(`${alias}x`)).toBeUndefined();
    expect(await stores.models.insert(aModel({ id: newId('model'), alias }))).toBe(false);
    for (const none of [newId('model'), newId('model')]) {
      expect(await stores.models.insert(aModel({ id: none, alias: null }))).toBe(true);
    }
  });

  it('counts the wins of miners', async () => {
    const { stores, newId } = context();
    const [often, once, never] = [newId('miner'), newId('miner'), newId('miner')];
    for (const miner of [often, often, once]) {
      const result = aResult();
      await stores.models.insert(
        aModel({ id: newId('model'), result: { ...result, winner: { ...result.winner, miner } } }),
      );
    }
    expect(await stores.models.countWins([often, once, never])).toEqual(
      new Map([
        [often, 2],
        [once, 1],
      ]),
    );
  });
}
