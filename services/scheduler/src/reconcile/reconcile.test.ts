import type { HandlerOutcome } from '@agon/contracts';
import { aJob, anOpenJob, anUpload, aSeat, builtAt } from '@agon/testing';
import { describe, expect, test } from 'vitest';
import { crashEverywhere } from '../testing/crash-everywhere.ts';
import { memoryStores } from '../testing/memory-stores.ts';
import { emptyScenario, jobId, once, type Racer, raceScenario, type Scenario } from '../testing/race-scenario.ts';
import { buildReconcile } from './reconcile.ts';

const minute = 60_000;
const created = { type: 'job.created', message: 'Created.' };
const works = (scenario: Scenario): string[] => scenario.queue.added.map((work) => work.name).toSorted();
const pass = (scenario: Scenario): Promise<HandlerOutcome> => buildReconcile(scenario)();
const seatsOf = async (scenario: Scenario) =>
  (await scenario.stores.seats.listByJob(jobId)).map((seat) => [seat.status, seat.fence]);

describe('an empty queue is filled again', () => {
  test.each([
    ['preparing', null, ['job.prepare']],
    ['preparing', 'parts', ['job.baseline']],
    ['judging', 'parts', ['job.judge']],
    ['publishing', 'parts', ['job.publish']],
    ['succeeded', 'parts', ['webhook.plan']],
    ['failed', null, ['webhook.plan']],
  ] as const)('for a job that is %s (%s)', async (status, parts, expected) => {
    const scenario = emptyScenario();
    await scenario.stores.jobs.insert(parts ? anOpenJob({ status }) : aJob({ status }), created);
    await pass(scenario);
    expect(works(scenario)).toEqual(expected);
  });

  test('for an open job that waits for miners: its seats, and the look at the end of the wait', async () => {
    const scenario = emptyScenario();
    await scenario.stores.jobs.insert(anOpenJob(), created);
    await pass(scenario);
    expect(await scenario.stores.seats.listByJob(jobId)).toHaveLength(3);
    expect(scenario.queue.signals).toContainEqual({ kind: 'seats', jobId });
    expect(scenario.queue.added).toMatchObject([{ name: 'job.judge', delayMs: 59 * minute }]);
  });

  test('for a race: the look at the deadline and the leases', async () => {
    const scenario = await raceScenario([{ status: 'training' }, { status: 'scored' }]);
    await pass(scenario);
    expect(works(scenario)).toEqual(['job.judge', 'lease.expire']);
    expect(scenario.queue.ofQueue('job.judge')).toMatchObject([{ delayMs: 9 * minute }]);
  });

  test('for a race that is over: a look now', async () => {
    const scenario = await raceScenario([{ status: 'scored' }]);
    await pass(scenario);
    expect(scenario.queue.added).toMatchObject([{ name: 'job.judge', delayMs: 0 }]);
  });

  test('for submissions that wait for their scores', async () => {
    const scenario = await raceScenario([{ status: 'uploaded' }, { status: 'scoring' }]);
    await pass(scenario);
    const runIds = scenario.queue.ofQueue('run.score').map((work) => work.payload.runId);
    expect(runIds).toEqual(['run_00000001', 'run_00000002']);
  });

  test('not for what moved a moment ago', async () => {
    const scenario = emptyScenario();
    await scenario.stores.jobs.insert(aJob({ updatedAt: scenario.clock.date() }), created);
    await pass(scenario);
    expect(scenario.queue.added).toEqual([]);
  });

  test('the same pass again adds nothing', async () => {
    const scenario = await raceScenario([{ status: 'training' }, { status: 'uploaded' }]);
    const reconcile = buildReconcile(scenario);
    await reconcile();
    const before = scenario.queue.added.length;
    for (let count = 0; count < 3; count += 1) await reconcile();
    expect(scenario.queue.added).toHaveLength(before);
  });
});

describe('half-done moves are finished', () => {
  test('a deadline that the first lease did not write comes from the first run', async () => {
    const scenario = await raceScenario([{ status: 'leased' }], { deadlineAt: null });
    await pass(scenario);
    const job = await scenario.stores.jobs.find(jobId);
    expect(job?.deadlineAt).toEqual(new Date(builtAt.getTime() + 10 * minute));
  });

  test('a seat whose claim broke off is free after 30 s', async () => {
    const scenario = await raceScenario([{ status: 'training' }]);
    const leasedAt = scenario.clock.date();
    const held = {
      status: 'leased',
      fence: 1,
      attempts: 1,
      minerId: 'miner_9',
      runId: 'run_99999999',
      leasedAt,
    } as const;
    scenario.stores.seats.insert(aSeat({ id: `${jobId}.1`, index: 1, ...held }));
    await pass(scenario);
    expect(await seatsOf(scenario)).toEqual([
      ['leased', 1],
      ['leased', 1],
    ]);
    scenario.clock.advance(31_000);
    await pass(scenario);
    expect(await seatsOf(scenario)).toEqual([
      ['leased', 1],
      ['open', 1],
    ]);
  });

  test.each([
    ['scored', 'closed'],
    ['cancelled', 'closed'],
    ['failed', 'open'],
    ['rejected', 'open'],
    ['expired', 'open'],
  ] as const)('a seat is not held by a run that is %s: it is %s', async (status, expected) => {
    const racers: Racer[] = [{ status: 'training' }, { status: 'training' }];
    const scenario = await raceScenario(racers);
    const event = { type: 'run.changed', message: 'Changed.' };
    const runId = 'run_00000002';
    if (status === 'scored' || status === 'rejected') {
      await scenario.stores.runs.move({ runId, from: 'training', to: 'uploaded', event });
      await scenario.stores.runs.move({ runId, from: 'uploaded', to: 'scoring', event });
      await scenario.stores.runs.move({ runId, from: 'scoring', to: status, event });
    } else await scenario.stores.runs.move({ runId, from: 'training', to: status, event });
    await pass(scenario);
    expect((await seatsOf(scenario))[1]).toEqual([expected, 1]);
  });

  test('a seat is closed after a failure where no time is left for another attempt', async () => {
    const scenario = await raceScenario([{ status: 'training' }, { status: 'training' }]);
    const event = { type: 'run.failed', message: 'Failed.' };
    await scenario.stores.runs.move({ runId: 'run_00000002', from: 'training', to: 'failed', event });
    scenario.clock.advance(8 * minute);
    await pass(scenario);
    expect((await seatsOf(scenario))[1]).toEqual(['closed', 1]);
  });

  test('a paused job loses no time, so a failed run leaves its seat open', async () => {
    const pausedAt = new Date(builtAt.getTime() + minute);
    const scenario = await raceScenario([{ status: 'training' }], { status: 'paused', pausedAt });
    const event = { type: 'run.failed', message: 'Failed.' };
    await scenario.stores.runs.move({ runId: 'run_00000001', from: 'training', to: 'failed', event });
    scenario.clock.advance(60 * minute);
    await pass(scenario);
    expect(await seatsOf(scenario)).toEqual([['open', 1]]);
    expect(scenario.queue.ofQueue('job.judge')).toEqual([]);
  });

  test('what a cancelled job left is ended', async () => {
    const scenario = await raceScenario([{ status: 'training' }, { status: 'uploaded' }], { status: 'cancelled' });
    await pass(scenario);
    const runs = await scenario.stores.runs.listByJob(jobId);
    expect(runs.map((run) => run.status)).toEqual(['cancelled', 'cancelled']);
    expect(scenario.artifacts.staged.size).toBe(0);
    expect(await seatsOf(scenario)).toEqual([
      ['closed', 1],
      ['closed', 1],
    ]);
    expect(scenario.queue.ofQueue('run.score')).toEqual([]);
  });

  test('what a deleted job left is deleted', async () => {
    const scenario = await raceScenario([{ status: 'training' }, { status: 'scored' }]);
    await scenario.stores.jobs.delete(jobId);
    await pass(scenario);
    expect(await scenario.stores.runs.listByJob(jobId)).toEqual([]);
    expect(await scenario.stores.seats.listByJob(jobId)).toEqual([]);
    expect(await scenario.stores.evaluations.listByJob(jobId)).toEqual([]);
    expect(scenario.stores.log(jobId)).toEqual([]);
  });

  test('an upload that took too long is ended', async () => {
    const scenario = await raceScenario([{ status: 'failed' }]);
    await scenario.stores.uploads.insertMany([anUpload({ expiresAt: scenario.clock.date() })]);
    await pass(scenario);
    expect((await scenario.stores.uploads.find('upl_00000001'))?.status).toBe('ended');
    expect(scenario.artifacts.staged.size).toBe(0);
  });
});

describe('after a crash at any point, the next passes end in the same state', () => {
  const deliver = (deps: Parameters<typeof buildReconcile>[0]) => buildReconcile(deps)();

  test('with a cancelled job to settle', async () => {
    const build = () => raceScenario([{ status: 'training' }, { status: 'scoring' }], { status: 'cancelled' });
    expect(await crashEverywhere({ build, deliver })).toBeGreaterThan(15);
  });

  test('with a race whose seat and deadline are to be mended', async () => {
    const build = async () => {
      const scenario = await raceScenario([{ status: 'training' }, { status: 'training' }], { deadlineAt: null });
      const event = { type: 'run.failed', message: 'Failed.', key: 'run.failed' };
      await scenario.stores.runs.move({ runId: 'run_00000002', from: 'training', to: 'failed', event });
      return scenario;
    };
    expect(await crashEverywhere({ build, deliver })).toBeGreaterThan(10);
  });
});

describe('a pass is bounded', () => {
  test('ended jobs are not read again and again', async () => {
    const scenario = emptyScenario();
    for (let number = 0; number < 200; number += 1) {
      const id = `job_${String(number).padStart(8, '0')}`;
      await scenario.stores.jobs.insert(aJob({ id, status: 'failed' }), created);
    }
    let looks = 0;
    const runs = {
      ...scenario.stores.runs,
      listByJob: (id: string) => {
        looks += 1;
        return scenario.stores.runs.listByJob(id);
      },
    };
    const reconcile = buildReconcile({ ...scenario, stores: { ...scenario.stores, runs } });
    const looksOf = async (passes: number): Promise<number> => {
      looks = 0;
      for (let count = 0; count < passes; count += 1) await reconcile();
      return looks;
    };
    expect(await looksOf(1)).toBeLessThanOrEqual(20);
    expect(await looksOf(20)).toBe(180);
    expect(await looksOf(20)).toBe(0);
  });

  test('more jobs than one pass can take are all mended in the passes after it', async () => {
    const scenario = emptyScenario();
    for (let number = 0; number < 2_350; number += 1) {
      const id = `job_${String(number).padStart(8, '0')}`;
      await scenario.stores.jobs.insert(aJob({ id }), { ...created, key: id });
    }
    scenario.queue.add = async (_name, payload) => void asked.add(JSON.stringify(payload));
    const asked = new Set<string>();
    const reconcile = buildReconcile(scenario);
    await reconcile();
    expect(asked.size).toBe(2_000);
    await reconcile();
    expect(asked.size).toBe(2_350);
  });

  test('a step that fails does not keep the others from running', async () => {
    const scenario = await raceScenario([{ status: 'uploaded' }]);
    const events = { ...scenario.stores.events, repair: () => Promise.reject(new Error('No database.')) };
    const broken = { ...scenario, stores: { ...scenario.stores, events } };
    await expect(pass(broken)).rejects.toThrow('Not everything');
    expect(works(scenario)).toContain('run.score');
  });

  test('a job that cannot be mended does not keep the others waiting', async () => {
    const scenario = emptyScenario();
    await scenario.stores.jobs.insert(anOpenJob({ id: 'job_00000002' }), created);
    await scenario.stores.jobs.insert(aJob(), created);
    const seats = { ...scenario.stores.seats, ensure: () => Promise.reject(new Error('No.')) };
    await pass({ ...scenario, stores: { ...scenario.stores, seats } });
    expect(works(scenario)).toEqual(['job.prepare']);
  });
});

describe('blobs that nothing refers to', () => {
  async function withBlobs(count: number): Promise<{ scenario: Scenario; kept: string }> {
    const base = emptyScenario();
    const kept = (await base.artifacts.put(once('kept'))).sha256;
    for (let number = 0; number < count; number += 1) await base.artifacts.put(once(`blob ${number}`));
    return { scenario: { ...base, stores: memoryStores(base.clock, (sha256) => sha256 === kept) }, kept };
  }

  test('are deleted once they are an hour old', async () => {
    const { scenario, kept } = await withBlobs(5);
    await pass(scenario);
    expect(scenario.artifacts.blobs.size).toBe(6);
    scenario.clock.advance(61 * minute);
    await pass(scenario);
    expect([...scenario.artifacts.blobs.keys()]).toEqual([kept]);
  });

  test('are looked at a few in each pass, and then not for ten minutes', async () => {
    const { scenario } = await withBlobs(450);
    scenario.clock.advance(61 * minute);
    const reconcile = buildReconcile(scenario);
    const sizes: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      await reconcile();
      sizes.push(scenario.artifacts.blobs.size);
    }
    expect(sizes).toEqual([252, 52, 1]);
    await scenario.artifacts.put(once('another'));
    for (const blob of scenario.artifacts.blobs.values()) blob.storedAt.setTime(0);
    await reconcile();
    expect(scenario.artifacts.blobs.size).toBe(2);
    scenario.clock.advance(10 * minute);
    await reconcile();
    expect(scenario.artifacts.blobs.size).toBe(1);
  });
});
