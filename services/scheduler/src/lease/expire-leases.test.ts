import { describe, expect, test } from 'vitest';
import { crashEverywhere } from '../testing/crash-everywhere.ts';
import { jobId, raceScenario, type Scenario, stateOf } from '../testing/race-scenario.ts';
import { expireLeases } from './expire-leases.ts';

const silence = 120_000;
const minute = 60_000;
const runId = 'run_00000001';

/** One run that has been silent for as long as given. */
async function silentFor(ms: number): Promise<Scenario> {
  const scenario = await raceScenario([{ status: 'training' }]);
  scenario.clock.advance(ms);
  return scenario;
}

const seatStatus = async (scenario: Scenario) => (await scenario.stores.seats.listByJob(jobId))[0]?.status;

describe('a run at its miner', () => {
  test('keeps its seat while its miner is heard, and is looked at again', async () => {
    const scenario = await silentFor(silence);
    await expireLeases(scenario, { jobId });
    expect(await seatStatus(scenario)).toBe('leased');
    expect(scenario.queue.ofQueue('lease.expire')).toHaveLength(1);
  });

  test('loses its hold on the seat when its miner has been silent too long', async () => {
    const scenario = await silentFor(silence + 1);
    await expireLeases(scenario, { jobId });
    expect(await seatStatus(scenario)).toBe('lapsed');
    expect((await scenario.stores.runs.find(runId))?.status).toBe('training');
    expect(scenario.stores.log(jobId).at(-1)).toMatchObject({ type: 'run.silent', data: { run: runId } });
    expect(scenario.queue.signals).toContainEqual({ kind: 'seats', jobId });
    expect(scenario.queue.ofQueue('lease.expire')).toHaveLength(1);
  });

  test('expires when its miner has not come back by the deadline and its grace', async () => {
    const scenario = await silentFor(silence + 1);
    await expireLeases(scenario, { jobId });
    scenario.clock.advance(10 * minute);
    scenario.queue.added = [];
    await expireLeases(scenario, { jobId });
    const run = await scenario.stores.runs.find(runId);
    expect([run?.status, run?.failure?.code]).toEqual(['expired', 'deadline_passed']);
    expect(scenario.artifacts.staged.size).toBe(0);
    expect(scenario.queue.added.map((work) => work.name)).toEqual(['job.judge']);
  });

  test('expires when another miner has its seat', async () => {
    const scenario = await silentFor(silence + 1);
    await expireLeases(scenario, { jobId });
    const now = scenario.clock.date();
    const claim = { seatId: `${jobId}.0`, fence: 1, minerId: 'miner_00000009', runId: 'run_00000009', now };
    await scenario.stores.seats.claim(claim);
    await expireLeases(scenario, { jobId });
    const run = await scenario.stores.runs.find(runId);
    expect([run?.status, run?.failure?.code]).toEqual(['expired', 'lease_lost']);
    expect(await seatStatus(scenario)).toBe('leased');
  });

  test('is told silent once for each silence', async () => {
    const scenario = await silentFor(silence + 1);
    const told = () => scenario.stores.log(jobId).filter((event) => event.type === 'run.silent').length;
    await expireLeases(scenario, { jobId });
    await expireLeases(scenario, { jobId });
    expect(told()).toBe(1);
    const set = { lastHeartbeatAt: scenario.clock.date() };
    await scenario.stores.runs.update({ runId, while: ['training'], set });
    await scenario.stores.seats.resume({ seatId: `${jobId}.0`, fence: 1 });
    scenario.clock.advance(silence + 1);
    await expireLeases(scenario, { jobId });
    expect(told()).toBe(2);
    expect(await seatStatus(scenario)).toBe('lapsed');
  });
});

test('a silent run of a paused job does not expire: the clock of the race stands still', async () => {
  const scenario = await raceScenario([{ status: 'training' }], { status: 'paused' });
  scenario.clock.advance(60 * minute);
  await expireLeases(scenario, { jobId });
  expect((await scenario.stores.runs.find(runId))?.status).toBe('training');
  expect(await seatStatus(scenario)).toBe('lapsed');
  expect(scenario.queue.ofQueue('lease.expire')).toHaveLength(1);
});

test('looks that meet ask for one next look', async () => {
  const scenario = await silentFor(1_000);
  for (let count = 0; count < 10; count += 1) {
    await expireLeases(scenario, { jobId });
    scenario.clock.advance(10);
  }
  const due = scenario.queue.ofQueue('lease.expire').map((work, index) => work.delayMs + index * 10);
  expect(new Set(due).size).toBe(1);
});

test('nothing is left to look at where no run is at a miner', async () => {
  const scenario = await raceScenario([{ status: 'scored' }]);
  expect(await expireLeases(scenario, { jobId })).toBe('skipped');
  expect(await expireLeases(scenario, { jobId: 'job_99999999' })).toBe('skipped');
  expect(scenario.queue.added).toEqual([]);
});

test('the runs of a job that has ended are cancelled', async () => {
  const scenario = await raceScenario([{ status: 'training' }, { status: 'uploaded' }], { status: 'cancelled' });
  await expireLeases(scenario, { jobId });
  const runs = await scenario.stores.runs.listByJob(jobId);
  expect(runs.map((run) => [run.status, run.failure?.code])).toEqual([
    ['cancelled', 'job_cancelled'],
    ['cancelled', 'job_cancelled'],
  ]);
  expect(scenario.artifacts.staged.size).toBe(0);
  expect(await seatStatus(scenario)).toBe('closed');
});

describe('delivered twice', () => {
  test('at once tells the silence once', async () => {
    const scenario = await silentFor(silence + 1);
    await Promise.all([expireLeases(scenario, { jobId }), expireLeases(scenario, { jobId })]);
    expect(scenario.stores.log(jobId).filter((event) => event.type === 'run.silent')).toHaveLength(1);
  });

  test.each([silence + 1, 20 * minute])('after a crash at any point ends in the same state (%i ms)', async (ms) => {
    const deliver = (deps: Parameters<typeof expireLeases>[0]) => expireLeases(deps, { jobId });
    expect(await crashEverywhere({ build: () => silentFor(ms), deliver })).toBeGreaterThan(5);
  });

  test('again changes nothing', async () => {
    const scenario = await silentFor(silence + 1);
    await expireLeases(scenario, { jobId });
    const before = await stateOf(scenario);
    await expireLeases(scenario, { jobId });
    expect(await stateOf(scenario)).toEqual(before);
  });
});
