import { idMaker, silentLog, systemClock } from '@agon/kit';
import { aJob, anEvent, aRun, testMongodbUrl } from '@agon/testing';
import fc from 'fast-check';
import { type Connection, createConnection } from 'mongoose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEventStore } from './event-store.ts';
import { createJobLog } from './job-log.ts';
import { createJobStore } from './job-store.ts';
import { createIndexes, type Models, openModels } from './models.ts';
import { createRunStore } from './run-store.ts';

const newId = idMaker(systemClock.nowMs);
let connection: Connection;
let models: Models;

beforeAll(async () => {
  connection = await createConnection(testMongodbUrl(), { autoIndex: false, autoCreate: false }).asPromise();
  models = openModels(connection);
  await createIndexes(models);
});
afterAll(() => connection.close());

/** Stores whose log is written through `logModels`. */
function storesOver(logModels: Models) {
  const jobLog = createJobLog({ models: logModels, clock: systemClock, newId });
  const deps = { models, clock: systemClock, log: silentLog, jobLog };
  return { jobs: createJobStore(deps), runs: createRunStore(deps), events: createEventStore(deps) };
}

/** Models that fail before a write where `crashes` says so: what a process that dies there leaves behind. */
function crashing(crashes: () => boolean): Models {
  const guard = <T extends object>(model: T): T =>
    new Proxy(model, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function' || name === 'constructor') return member;
        return (...inputs: unknown[]) => {
          if (crashes()) throw new Error('the process died here');
          return Reflect.apply(member, target, inputs);
        };
      },
    });
  return { ...models, jobs: guard(models.jobs), runs: guard(models.runs), events: guard(models.events) };
}

const all = { afterSequence: 0, limit: 1_000 };

async function leftOver(): Promise<number> {
  const filter = { 'outbox.0': { $exists: true } };
  return (await models.jobs.countDocuments(filter)) + (await models.runs.countDocuments(filter));
}

it('keeps an event whose writer died before it was written out', async () => {
  const dying = storesOver(crashing(() => true));
  const healthy = storesOver(models);
  const jobId = newId('job');
  await dying.jobs.insert(aJob({ id: jobId }), anEvent({ type: 'job.created' }));
  await dying.jobs.move({ jobId, from: 'preparing', to: 'cancelled', event: anEvent({ type: 'job.cancelled' }) });
  expect(await models.events.countDocuments({ jobId })).toBe(0);
  expect(await healthy.events.repair()).toBe(1);
  expect(await leftOver()).toBe(0);
  const documents = await models.events.find({ jobId }).sort({ sequence: 1 }).lean();
  expect(documents.map(({ sequence, type }) => [sequence, type])).toEqual([
    [1, 'job.created'],
    [2, 'job.cancelled'],
  ]);
});

it('shows a reader at once what waits in the outbox', async () => {
  const dying = storesOver(crashing(() => true));
  const jobId = newId('job');
  await dying.jobs.insert(aJob({ id: jobId }), anEvent({ type: 'job.created' }));
  const events = await storesOver(models).events.list({ jobId, ...all });
  expect(events.map((event) => event.type)).toEqual(['job.created']);
});

it('answers a move that was made, though its event could not be written out', async () => {
  const dying = storesOver(crashing(() => true));
  const run = aRun({ id: newId('run'), jobId: newId('job') });
  await dying.runs.insert(run, anEvent());
  const moved = await dying.runs.move({ runId: run.id, from: 'leased', to: 'training', event: anEvent() });
  expect(moved?.status).toBe('training');
  await storesOver(models).events.repair();
});

it('drops what runs of a job that was deleted left behind', async () => {
  const dying = storesOver(crashing(() => true));
  await dying.runs.insert(aRun({ id: newId('run'), jobId: newId('job') }), anEvent());
  expect(await storesOver(models).events.repair()).toBe(1);
  expect(await leftOver()).toBe(0);
});

const step = fc.record({
  who: fc.constantFrom('job', 'run one', 'run two'),
  /** The call of the writer that dies; it makes few, so a high number lives. */
  diesAt: fc.integer({ min: 1, max: 6 }),
});

it('has every event once, in order, wherever writers die and whoever writes at the same time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 8 }), async (rounds) => {
      const healthy = storesOver(models);
      const jobId = newId('job');
      const runIds = { 'run one': newId('run'), 'run two': newId('run') };
      await healthy.jobs.insert(aJob({ id: jobId }), anEvent({ type: 'created' }));
      for (const id of Object.values(runIds))
        await healthy.runs.insert(aRun({ id, jobId }), anEvent({ type: 'leased' }));
      const written: string[] = [];
      const seen = await healthy.events.list({ jobId, ...all });
      for (const [round, steps] of rounds.entries()) {
        const writers = steps.map(async ({ who, diesAt }, index) => {
          let calls = 0;
          const { jobs, runs } = storesOver(
            crashing(() => {
              calls += 1;
              return calls >= diesAt;
            }),
          );
          const event = anEvent({ type: `${round}.${index}` });
          written.push(event.type);
          if (who === 'job') await jobs.update({ jobId, while: ['preparing'], set: {}, event });
          else await runs.update({ runId: runIds[who], while: ['leased'], set: {}, event });
        });
        // A reader that follows, also while they write.
        const afterSequence = seen.at(-1)?.sequence ?? 0;
        const [page] = await Promise.all([healthy.events.list({ jobId, afterSequence, limit: 100 }), ...writers]);
        seen.push(...page);
      }
      await healthy.events.repair();
      seen.push(...(await healthy.events.list({ jobId, afterSequence: seen.at(-1)?.sequence ?? 0, limit: 1_000 })));
      const types = ['created', 'leased', 'leased', ...written];
      expect(seen.map((event) => event.type).toSorted()).toEqual(types.toSorted());
      expect(seen).toEqual(await healthy.events.list({ jobId, ...all }));
      expect(await leftOver()).toBe(0);
    }),
    { numRuns: 15 },
  );
});
