import { expect, it } from 'vitest';
import { aBaseModel } from '../base-model-builder.ts';
import { builtAt } from '../builders.ts';
import type { GetContext } from './context.ts';

const minutesLater = (minutes: number): Date => new Date(builtAt.getTime() + minutes * 60_000);

export function baseModelContract(context: GetContext): void {
  it('keeps the first of an id', async () => {
    const { stores } = context();
    const model = aBaseModel({ id: 'first/one@1', name: 'first/one' });
    expect(await stores.baseModels.insert(model)).toBe(true);
    expect(await stores.baseModels.insert({ ...model, source: 'hub' })).toBe(false);
    expect(await stores.baseModels.find(model.id)).toEqual(model);
    await stores.baseModels.delete(model.id);
    expect(await stores.baseModels.find(model.id)).toBeUndefined();
  });

  it('finds the newest of a name, however revisions are called', async () => {
    const { stores } = context();
    const name = 'named/model';
    const revisions = { b: 2, a: 3, c: 1 };
    for (const [revision, minutes] of Object.entries(revisions)) {
      const createdAt = minutesLater(minutes);
      await stores.baseModels.insert(aBaseModel({ id: `${name}@${revision}`, name, revision, createdAt }));
    }
    expect(await stores.baseModels.findByName(name)).toMatchObject({ revision: 'a' });
    expect(await stores.baseModels.findByName('named')).toBeUndefined();
  });

  it('lists by id, page after page', async () => {
    const { stores } = context();
    const ids = ['~list/a@1', '~list/a@2', '~list/b@1'];
    for (const id of ids) await stores.baseModels.insert(aBaseModel({ id }));
    const page = await stores.baseModels.list({ after: '~list', limit: 2 });
    expect(page.map((model) => model.id)).toEqual(ids.slice(0, 2));
    const rest = await stores.baseModels.list({ after: page[1]?.id, limit: 2 });
    expect(rest.map((model) => model.id)).toEqual(ids.slice(2));
  });
}
