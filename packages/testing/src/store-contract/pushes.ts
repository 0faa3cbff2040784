import { expect, it } from 'vitest';
import { aPush } from '../builders.ts';
import type { GetContext } from './context.ts';

const minute = 60_000;

export function pushContract(context: GetContext): void {
  const at = (minutes: number): Date => new Date(context().clock.nowMs() + minutes * minute);
  const push = async (overrides: Parameters<typeof aPush>[0] = {}) => {
    const { stores, newId } = context();
    const made = aPush({ id: newId('push'), modelId: newId('model'), nextAttemptAt: at(0), ...overrides });
    expect(await stores.pushes.insert(made)).toBe(true);
    return made;
  };

  it('keeps the first push of an id, and lists those of models, oldest first', async () => {
    const { stores, newId } = context();
    const first = await push();
    expect(await stores.pushes.insert({ ...first, repo: 'other/other' })).toBe(false);
    const second = await push({ modelId: first.modelId, createdAt: at(1) });
    const other = await push({ createdAt: at(2) });
    expect(await stores.pushes.listByModels([first.modelId, other.modelId])).toEqual([first, second, other]);
    expect(await stores.pushes.listByModels([newId('model')])).toEqual([]);
    await stores.pushes.deleteByModel(first.modelId);
    expect(await stores.pushes.find(first.id)).toBeUndefined();
    expect(await stores.pushes.find(other.id)).toEqual(other);
  });

  it('finds what has a repo in the registry, once it is there', async () => {
    const { stores, newId } = context();
    const repo = `someone/${newId('model')}`;
    await push({ repo });
    await push({ repo, where: 'registry' });
    expect(await stores.pushes.findInRegistry(repo)).toBeUndefined();
    const done = await push({ repo, where: 'registry', status: 'done' });
    expect(await stores.pushes.findInRegistry(repo)).toEqual(done);
  });

  it('gives an attempt to one of many, and the next one where the first fell silent', async () => {
    const { stores } = context();
    const { id } = await push();
    const claim = (minutes: number) =>
      stores.pushes.claim({ pushId: id, now: at(minutes), silentSince: at(minutes - 1) });
    const claims = await Promise.all([claim(0), claim(0), claim(0)]);
    expect(claims.filter((each) => each !== undefined)).toHaveLength(1);
    expect(await stores.pushes.find(id)).toMatchObject({ status: 'pushing', attempts: 1 });
    expect(await stores.pushes.touch({ pushId: id, attempt: 1, progress: 0.4, now: at(1) })).toBe(true);
    expect(await stores.pushes.find(id)).toMatchObject({ progress: 0.4 });
    expect(await claim(1.5)).toBeUndefined();
    expect(await claim(2)).toMatchObject({ status: 'pushing', attempts: 2 });
    expect(await stores.pushes.touch({ pushId: id, attempt: 1, progress: 0.5, now: at(2) })).toBe(false);
    const late = { pushId: id, attempt: 1, to: 'done' as const, set: {}, now: at(2) };
    expect(await stores.pushes.settle(late)).toBeUndefined();
  });

  it('finds what is due, and what fell silent', async () => {
    const { stores } = context();
    const due = await push({ nextAttemptAt: at(-3) });
    await push({ nextAttemptAt: at(5) });
    const silent = await push({ status: 'pushing', updatedAt: at(-3), nextAttemptAt: at(-3) });
    await push({ status: 'pushing', updatedAt: at(0) });
    const found = await stores.pushes.listDue({ now: at(-2), silentSince: at(-2), limit: 10 });
    expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining([due.id, silent.id]));
    const ids = new Set([due.id, silent.id]);
    expect(found.filter(({ id }) => !ids.has(id)).every(({ updatedAt }) => updatedAt <= at(-2))).toBe(true);
  });

  it('waits for its model, then is due; or ends with it, without its token', async () => {
    const { stores } = context();
    const [first, second] = [
      await push({ nextAttemptAt: null, token: 'sealed' }),
      await push({ nextAttemptAt: null, token: 'sealed' }),
    ];
    expect(await stores.pushes.claim({ pushId: first.id, now: at(0), silentSince: at(0) })).toBeUndefined();
    const waiting = await stores.pushes.listWaiting({ before: at(0), limit: 100 });
    expect(waiting.map(({ id }) => id)).toEqual(expect.arrayContaining([first.id, second.id]));
    await stores.pushes.release({ modelId: first.modelId, now: at(1) });
    expect(await stores.pushes.find(first.id)).toMatchObject({ nextAttemptAt: at(1), askedAt: at(1), token: 'sealed' });
    expect(await stores.pushes.endWaiting({ modelId: second.modelId, message: 'No model.', now: at(1) })).toBe(1);
    expect(await stores.pushes.endWaiting({ modelId: first.modelId, message: 'No model.', now: at(1) })).toBe(0);
    const ended = await stores.pushes.find(second.id);
    expect(ended).toMatchObject({ status: 'failed', message: 'No model.', token: null, nextAttemptAt: null });
  });

  it('forgets the token at an end, keeps it for the next attempt, and can begin again', async () => {
    const { stores } = context();
    const { id } = await push({ token: 'sealed' });
    const attempt = async (number: number, to: 'pending' | 'done') => {
      await stores.pushes.claim({ pushId: id, now: at(0), silentSince: at(-1) });
      const set = { message: 'So far.', ...(to === 'pending' ? { nextAttemptAt: at(1) } : {}) };
      return stores.pushes.settle({ pushId: id, attempt: number, to, set, now: at(0) });
    };
    expect(await attempt(1, 'pending')).toMatchObject({ status: 'pending', token: 'sealed', nextAttemptAt: at(1) });
    expect(await attempt(2, 'done')).toMatchObject({ status: 'done', progress: 1, token: null, nextAttemptAt: null });
    const again = { private: false, token: 'other' };
    expect(await stores.pushes.restart({ pushId: id, set: again, now: at(3) })).toMatchObject({
      ...again,
      status: 'pending',
      attempts: 2,
      message: null,
      askedAt: at(3),
      nextAttemptAt: at(3),
    });
    await stores.pushes.claim({ pushId: id, now: at(3), silentSince: at(2) });
    expect(await stores.pushes.restart({ pushId: id, set: again, now: at(3) })).toBeUndefined();
  });
}
