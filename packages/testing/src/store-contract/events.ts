import type { EventRecord } from '@agon/store';
import { expect, it } from 'vitest';
import { aJob, anEvent, aRun } from '../builders.ts';
import type { GetContext, StoreContext } from './context.ts';

async function newJob({ stores, newId }: StoreContext): Promise<string> {
  const job = aJob({ id: newId('job') });
  await stores.jobs.insert(job, anEvent({ type: 'job.created' }));
  return job.id;
}

const all = { afterSequence: 0, limit: 1_000 };
const growing = (events: EventRecord[]): boolean =>
  events.every((event, index) => index === 0 || event.sequence > (events[index - 1]?.sequence ?? 0));

export function eventContract(context: GetContext): void {
  it('keeps what was said, with a time, a number and an id', async () => {
    const { stores, clock } = context();
    const jobId = await newJob(context());
    const event = anEvent({ type: 'job.warned', level: 'warn', message: '', data: { a: 1, 'b.c': null }, key: 'k' });
    await stores.events.append(jobId, event);
    const [, kept] = await stores.events.list({ jobId, ...all });
    expect(kept).toEqual({ ...event, id: expect.stringMatching(/^evt_/), jobId, sequence: 2, createdAt: clock.date() });
  });

  it('takes an event without level and data as information', async () => {
    const { stores } = context();
    const jobId = await newJob(context());
    const [created] = await stores.events.list({ jobId, ...all });
    expect(created).toMatchObject({ level: 'info', data: {} });
  });

  it('drops an event whose key is there, and keeps those without a key apart', async () => {
    const { stores } = context();
    const jobId = await newJob(context());
    for (const key of ['one', 'two', 'one']) await stores.events.append(jobId, anEvent({ type: key, key }));
    await stores.events.append(jobId, anEvent({ type: 'plain' }));
    await stores.events.append(jobId, anEvent({ type: 'plain' }));
    const events = await stores.events.list({ jobId, ...all });
    expect(events.map((event) => event.type)).toEqual(['job.created', 'one', 'two', 'plain', 'plain']);
    expect(growing(events)).toBe(true);
  });

  it('keeps an event that says nothing', async () => {
    const { stores } = context();
    const jobId = await newJob(context());
    for (const key of ['', '', ' ']) await stores.events.append(jobId, { type: '', message: '', key });
    const [, ...events] = await stores.events.list({ jobId, ...all });
    expect(events.map(({ key, type, message }) => [key, type, message])).toEqual([
      ['', '', ''],
      [' ', '', ''],
    ]);
  });

  it('drops an event of a job that is not there', async () => {
    const { stores } = context();
    await stores.events.append('job_unknown0', anEvent());
    expect(await stores.events.list({ jobId: 'job_unknown0', ...all })).toEqual([]);
  });

  it('numbers concurrent events of a job and its runs without repeats', async () => {
    const { stores, newId } = context();
    const jobId = await newJob(context());
    const runs = Array.from({ length: 5 }, () => aRun({ id: newId('run'), jobId }));
    await Promise.all([
      ...runs.map((run) => stores.runs.insert(run, anEvent({ type: 'run.leased' }))),
      ...Array.from({ length: 20 }, () => stores.events.append(jobId, anEvent({ type: 'noise' }))),
    ]);
    await Promise.all(
      runs.map((run) =>
        stores.runs.move({ runId: run.id, from: 'leased', to: 'training', event: anEvent({ type: 'run.started' }) }),
      ),
    );
    const events = await stores.events.list({ jobId, ...all });
    const count = (type: string) => events.filter((event) => event.type === type).length;
    expect([count('run.leased'), count('run.started'), count('noise')]).toEqual([5, 5, 20]);
    expect(growing(events)).toBe(true);
  });

  it('shows a reader that follows every event once, in order, while others write', async () => {
    const { stores } = context();
    const jobId = await newJob(context());
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let index = 0; index < 10; index += 1) {
        await stores.events.append(jobId, anEvent({ type: `w${writer}.${index}` }));
      }
    });
    let writing = true;
    const written = Promise.all(writers).then(() => {
      writing = false;
    });
    const seen: EventRecord[] = [];
    for (let more = true; more; ) {
      more = writing;
      const page = await stores.events.list({ jobId, afterSequence: seen.at(-1)?.sequence ?? 0, limit: 7 });
      seen.push(...page);
      more ||= page.length > 0;
    }
    await written;
    expect(growing(seen)).toBe(true);
    expect(seen).toEqual(await stores.events.list({ jobId, ...all }));
    expect(seen).toHaveLength(81);
  });

  it('lists newest first, before a sequence', async () => {
    const { stores } = context();
    const jobId = await newJob(context());
    for (const message of ['a', 'b']) await stores.events.append(jobId, anEvent({ message }));
    const newest = await stores.events.listNewest({ jobId, beforeSequence: Number.MAX_SAFE_INTEGER, limit: 2 });
    expect(newest.map(({ sequence }) => sequence)).toEqual([3, 2]);
    const before = await stores.events.listNewest({ jobId, beforeSequence: 2, limit: 9 });
    expect(before.map(({ sequence }) => sequence)).toEqual([1]);
  });

  it('lists by pages', async () => {
    const { stores } = context();
    const jobId = await newJob(context());
    for (let index = 0; index < 4; index += 1) await stores.events.append(jobId, anEvent());
    const sequences = async (afterSequence: number) =>
      (await stores.events.list({ jobId, afterSequence, limit: 2 })).map((event) => event.sequence);
    expect([await sequences(0), await sequences(2), await sequences(4), await sequences(5)]).toEqual([
      [1, 2],
      [3, 4],
      [5],
      [],
    ]);
  });

  it('finds nothing to repair after writes that ended well', async () => {
    const { stores } = context();
    const jobId = await newJob(context());
    await stores.events.append(jobId, anEvent());
    expect(await stores.events.repair()).toBe(0);
  });

  it('forgets the events of a deleted job', async () => {
    const { stores } = context();
    const jobId = await newJob(context());
    await stores.events.deleteByJob(jobId);
    expect(await stores.events.list({ jobId, ...all })).toEqual([]);
  });
}
