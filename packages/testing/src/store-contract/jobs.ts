import type { JobRecord } from '@agon/store';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aBlob, aJob, aJobSpec, aMeasuredPart, anEvent, anOpenJob, aResult } from '../builders.ts';
import type { GetContext, StoreContext } from './context.ts';

const opened = anEvent({ type: 'job.opened' });

async function insertJob({ stores, newId }: StoreContext, overrides: Parameters<typeof aJob>[0] = {}) {
  const job = aJob({ id: newId('job'), accountId: newId('account'), ...overrides });
  await stores.jobs.insert(job, anEvent({ type: 'job.created' }));
  return job;
}

export function jobContract(context: GetContext): void {
  it('gives back a job exactly as it was inserted', async () => {
    const { stores, newId } = context();
    const job = anOpenJob({ id: newId('job'), result: aResult(), receipt: aBlob(9) });
    await stores.jobs.insert(job, anEvent());
    expect(await stores.jobs.find(job.id)).toEqual(job);
  });

  it('keeps any metadata, whatever its keys are', async () => {
    const { stores, newId } = context();
    const key = fc.oneof(
      fc.string({ minLength: 1, unit: 'grapheme' }),
      fc.constantFrom('a.b', '$set', '_id', '_bsontype', '__proto__', 'constructor', '%24', '%%x', '\0', 'toBSON', '1'),
    );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.tuple(key, fc.string()), { selector: ([name]) => name }), async (pairs) => {
        const spec = aJobSpec({ metadata: Object.fromEntries(pairs) });
        const job = aJob({ id: newId('job'), spec });
        await stores.jobs.insert(job, anEvent());
        await stores.jobs.update({ jobId: job.id, while: ['preparing'], set: { spec } });
        expect((await stores.jobs.find(job.id))?.spec).toEqual(spec);
      }),
      { numRuns: 30 },
    );
  });

  it('knows no job that was not inserted', async () => {
    expect(await context().stores.jobs.find('job_unknown0')).toBeUndefined();
  });

  it('refuses to insert a job twice', async () => {
    const job = await insertJob(context());
    await expect(context().stores.jobs.insert(job, anEvent())).rejects.toThrow();
  });

  it('moves by compare-and-set, with fields and the time of the change', async () => {
    const { stores, clock } = context();
    const job = await insertJob(context());
    clock.advance(1_000);
    const set = { openedAt: clock.date(), splitCommitment: 'c'.repeat(64) };
    const moved = await stores.jobs.move({ jobId: job.id, from: 'preparing', to: 'open', set, event: opened });
    expect(moved).toEqual({ ...job, ...set, status: 'open', updatedAt: clock.date() });
    expect(await stores.jobs.find(job.id)).toEqual(moved);
  });

  it('does nothing where the job has left the state', async () => {
    const { stores } = context();
    const job = await insertJob(context(), { status: 'cancelled' });
    const moved = await stores.jobs.move({
      jobId: job.id,
      from: ['preparing', 'judging'],
      to: 'failed',
      event: opened,
    });
    expect(moved).toBeUndefined();
    expect(await stores.jobs.find(job.id)).toEqual(job);
    expect(await stores.events.list({ jobId: job.id, afterSequence: 0, limit: 10 })).toHaveLength(1);
  });

  it('refuses a move that the table does not have', async () => {
    const { stores } = context();
    const move = { jobId: 'job_00000001', from: 'succeeded', to: 'open', event: opened } as const;
    await expect(stores.jobs.move(move)).rejects.toThrow(RangeError);
    const partly = { ...move, from: ['preparing', 'judging'], to: 'open' } as const;
    await expect(stores.jobs.move(partly)).rejects.toThrow(RangeError);
  });

  it('notes when a job ended', async () => {
    const { stores, clock } = context();
    const job = await insertJob(context());
    const moved = await stores.jobs.move({ jobId: job.id, from: 'preparing', to: 'cancelled', event: opened });
    expect(moved?.finishedAt).toEqual(clock.date());
  });

  it('lets one of many concurrent moves win', async () => {
    const { stores } = context();
    const job = await insertJob(context());
    const move = { jobId: job.id, from: 'preparing', to: 'open', event: opened } as const;
    const moves = await Promise.all(Array.from({ length: 20 }, () => stores.jobs.move(move)));
    expect(moves.filter((moved) => moved !== undefined)).toHaveLength(1);
    const events = await stores.events.list({ jobId: job.id, afterSequence: 0, limit: 100 });
    expect(events.map((event) => event.type)).toEqual(['job.created', 'job.opened']);
  });

  it('replaces a whole field on update, and clears it by null', async () => {
    const { stores } = context();
    const job = await insertJob(context(), { needs: { cpus: 1, memoryMib: 1, vramMib: 0 }, receipt: aBlob(1) });
    const needs = { cpus: 2, memoryMib: 2, vramMib: 2 };
    await stores.jobs.update({ jobId: job.id, while: ['preparing'], set: { needs, receipt: null } });
    expect(await stores.jobs.find(job.id)).toMatchObject({ needs, receipt: null });
  });

  describe('an update', () => {
    it('holds only in the named states', async () => {
      const { stores } = context();
      const job = await insertJob(context());
      const change = { jobId: job.id, set: { goalReached: true } };
      expect(await stores.jobs.update({ ...change, while: ['open'] })).toBeUndefined();
      expect(await stores.jobs.update({ ...change, while: ['open', 'preparing'] })).toMatchObject({
        goalReached: true,
      });
    });

    it('of a field that must be unset happens once', async () => {
      const { stores } = context();
      const job = await insertJob(context());
      const baseline = { summary: 'mean', selection: aMeasuredPart(1), report: aMeasuredPart(2) };
      const change = { jobId: job.id, while: ['preparing'], unset: ['baseline'], set: { baseline } } as const;
      const answers = await Promise.all(Array.from({ length: 10 }, () => stores.jobs.update(change)));
      expect(answers.filter((answer) => answer !== undefined)).toHaveLength(1);
      expect(await stores.jobs.find(job.id)).toMatchObject({ baseline });
    });

    it('may carry an event', async () => {
      const { stores } = context();
      const job = await insertJob(context());
      const event = anEvent({ type: 'job.noted', data: { 'a.$b': [1, { c: null }] } });
      await stores.jobs.update({ jobId: job.id, while: ['preparing'], set: {}, event });
      const [, noted] = await stores.events.list({ jobId: job.id, afterSequence: 0, limit: 10 });
      expect(noted).toMatchObject({ type: 'job.noted', data: event.data, sequence: 2 });
    });
  });

  it('lists newest first by pages, also when the item of the cursor is gone', async () => {
    const { stores, newId } = context();
    const accountId = newId('account');
    const jobs = [];
    for (let index = 0; index < 5; index += 1) jobs.push(await insertJob(context(), { accountId }));
    const newest = jobs.map((job) => job.id).toReversed();
    const first = await stores.jobs.list({ accountId, limit: 2 });
    expect(first.map((job) => job.id)).toEqual(newest.slice(0, 2));
    const after = newest[1] ?? '';
    await stores.jobs.delete(after);
    const second = await stores.jobs.list({ accountId, limit: 2, after });
    expect(second.map((job) => job.id)).toEqual(newest.slice(2, 4));
  });

  it('lists by task and by metadata', async () => {
    const suite = context();
    const accountId = suite.newId('account');
    const insert = (task: JobRecord['task'], metadata: Record<string, string>) =>
      insertJob(suite, { accountId, task, spec: aJobSpec({ metadata }) });
    const [bare, odd] = [await insert('chat', {}), await insert('chat', { 'a.b': '$x', c: '1' })];
    const table = await insert('tabular-regression', { c: '1' });
    const { jobs } = suite.stores;
    const ids = async (query: { tasks?: JobRecord['task'][]; metadata?: Record<string, string> | null }) =>
      (await jobs.list({ accountId, limit: 10, ...query })).map(({ id }) => id);
    expect(await ids({ tasks: ['chat'] })).toEqual([odd.id, bare.id]);
    expect(await ids({ metadata: { c: '1' } })).toEqual([table.id, odd.id]);
    expect(await ids({ metadata: { 'a.b': '$x' } })).toEqual([odd.id]);
    expect(await ids({ metadata: null })).toEqual([bare.id]);
  });

  it('lists by state, of one account or of all', async () => {
    const { stores } = context();
    const paused = await insertJob(context(), { status: 'paused' });
    const { accountId } = paused;
    await insertJob(context(), { accountId });
    expect(await stores.jobs.list({ accountId, statuses: ['paused', 'judging'], limit: 10 })).toEqual([paused]);
    const all = await stores.jobs.list({ statuses: ['paused'], limit: 100 });
    expect(all.map((job) => job.id)).toContain(paused.id);
  });

  it('forgets a deleted job', async () => {
    const { stores } = context();
    const job = await insertJob(context());
    await stores.jobs.delete(job.id);
    expect(await stores.jobs.find(job.id)).toBeUndefined();
  });
}
