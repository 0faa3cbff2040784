import { describe, expect, test } from 'vitest';
import { crashEverywhere } from '../testing/crash-everywhere.ts';
import { addScore, jobId, type Racer, raceScenario, stateOf } from '../testing/race-scenario.ts';
import { judgeJob } from './judge-job.ts';

const minute = 60_000;
const three: Racer[] = [
  { status: 'scored', quality: 0.7 },
  { status: 'scored', quality: 0.8 },
  { status: 'failed', set: { failure: { code: 'trainer_failed', class: 'oom', message: 'No memory.' } } },
];

describe('a look at a race', () => {
  test('asks for the next look while runs go on', async () => {
    const scenario = await raceScenario([{ status: 'training' }, { status: 'scored' }]);
    expect(await judgeJob(scenario, { jobId })).toBe('done');
    expect((await scenario.stores.jobs.find(jobId))?.status).toBe('open');
    expect(scenario.queue.ofQueue('job.judge')).toMatchObject([{ payload: { jobId }, delayMs: 9 * minute }]);
  });

  test('does nothing for a job that is not there, prepares or is paused', async () => {
    const scenario = await raceScenario([{ status: 'training' }], { status: 'paused' });
    expect(await judgeJob(scenario, { jobId })).toBe('skipped');
    expect(await judgeJob(scenario, { jobId: 'job_99999999' })).toBe('skipped');
    expect(scenario.queue.added).toEqual([]);
  });

  test('ends a job to which no miner came, with what to do about it', async () => {
    const scenario = await raceScenario([], { waitUntil: new Date(0) });
    await judgeJob(scenario, { jobId });
    const job = await scenario.stores.jobs.find(jobId);
    expect(job?.status).toBe('failed');
    expect(job?.failure?.code).toBe('no_miner_took_a_seat');
    expect(job?.failure?.message).toContain('budget.wait_minutes');
    expect(job?.finishedAt).toEqual(scenario.clock.date());
    expect((await scenario.stores.seats.listByJob(jobId)).map((seat) => seat.status)).toEqual(['closed']);
  });
});

describe('the judgement', () => {
  test('chooses the best, keeps the whole leaderboard and asks for publication', async () => {
    const scenario = await raceScenario(three);
    await judgeJob(scenario, { jobId });
    const job = await scenario.stores.jobs.find(jobId);
    expect(job?.status).toBe('publishing');
    expect(job?.judgement?.entries.map((entry) => [entry.rank, entry.runId])).toEqual([
      [1, 'run_00000002'],
      [2, 'run_00000001'],
    ]);
    expect(job?.judgement?.reason).toBe('all_seats_final');
    expect(job?.result?.winner).toEqual({
      run: 'run_00000002',
      miner: 'miner_00000002',
      miner_name: 'miner 2',
      template: 'recipe-2',
    });
    const evaluation = await scenario.stores.evaluations.find('run_00000002');
    expect(job?.result?.report).toEqual(evaluation?.report?.score);
    expect(job?.result?.selection).toEqual(job?.judgement?.entries[0]?.score);
    expect(job?.result?.gain.ci95[0]).toBeGreaterThan(0);
    expect(scenario.queue.ofQueue('job.publish')).toMatchObject([{ payload: { jobId }, delayMs: 0 }]);
    const event = scenario.stores.log(jobId).find((one) => one.type === 'job.judged');
    expect(event?.data).toMatchObject({ winner: 'run_00000002', leaderboard: [{ won: true }, { won: false }] });
  });

  test('fails a job whose best submission is worse than the baseline, and keeps the scores', async () => {
    const scenario = await raceScenario([{ status: 'scored', quality: 0.3 }]);
    await judgeJob(scenario, { jobId });
    const job = await scenario.stores.jobs.find(jobId);
    expect(job?.status).toBe('failed');
    expect(job?.failure?.code).toBe('no_submission_beat_baseline');
    expect(job?.judgement?.entries).toHaveLength(1);
    expect(job?.result).toBeNull();
  });

  test('fails a job whose runs returned nothing, and says how they ended', async () => {
    const scenario = await raceScenario([{ status: 'failed' }, { status: 'failed' }, { status: 'rejected' }]);
    await judgeJob(scenario, { jobId });
    const failure = (await scenario.stores.jobs.find(jobId))?.failure;
    expect(failure?.code).toBe('no_submission');
    expect(failure?.message).toContain('2 failed, 1 rejected');
  });

  test('waits for scores and takes them up when they are there', async () => {
    const scenario = await raceScenario([{ status: 'scored', quality: 0.7 }, { status: 'scoring' }], {
      goalReached: true,
    });
    await judgeJob(scenario, { jobId });
    expect((await scenario.stores.jobs.find(jobId))?.status).toBe('judging');
    expect(scenario.queue.ofQueue('run.score')).toMatchObject([{ payload: { runId: 'run_00000002' }, delayMs: 0 }]);
    expect(scenario.queue.ofQueue('job.judge')).toHaveLength(1);

    await addScore(scenario, 'run_00000002', 0.85);
    await scenario.stores.runs.move({
      runId: 'run_00000002',
      from: 'scoring',
      to: 'scored',
      event: { type: 'run.scored', message: 'Scored.' },
    });
    await judgeJob(scenario, { jobId });
    const job = await scenario.stores.jobs.find(jobId);
    expect(job?.status).toBe('publishing');
    expect(job?.result?.winner.run).toBe('run_00000002');
    expect(job?.judgement?.reason).toBe('goal');
  });

  test('looks that wait for the same score ask for one next look', async () => {
    const scenario = await raceScenario([{ status: 'scoring' }], { goalReached: true });
    for (let count = 0; count < 5; count += 1) await judgeJob(scenario, { jobId });
    expect(scenario.queue.ofQueue('job.judge')).toHaveLength(1);
  });
});

describe('runs that are still at their miners when the race ends', () => {
  test('are cancelled where the goal was reached, and their staged bytes go', async () => {
    const scenario = await raceScenario([{ status: 'scored', quality: 0.9 }, { status: 'training' }], {
      goalReached: true,
    });
    await judgeJob(scenario, { jobId });
    const run = await scenario.stores.runs.find('run_00000002');
    expect([run?.status, run?.failure?.code]).toEqual(['cancelled', 'goal_reached']);
    expect(scenario.artifacts.staged.has('upl_00000002')).toBe(false);
    expect((await scenario.stores.jobs.find(jobId))?.status).toBe('publishing');
  });

  test('expire where the deadline and its grace have passed', async () => {
    const scenario = await raceScenario([{ status: 'scored', quality: 0.9 }, { status: 'leased' }]);
    scenario.clock.advance(10 * minute);
    await judgeJob(scenario, { jobId });
    const run = await scenario.stores.runs.find('run_00000002');
    expect([run?.status, run?.failure?.code]).toEqual(['expired', 'deadline_passed']);
    const seats = await scenario.stores.seats.listByJob(jobId);
    expect(seats.every((seat) => seat.status === 'closed')).toBe(true);
    expect((await scenario.stores.jobs.find(jobId))?.judgement?.reason).toBe('deadline');
  });
});

describe('delivered twice', () => {
  test('at once gives one verdict', async () => {
    const scenario = await raceScenario(three);
    await Promise.all([judgeJob(scenario, { jobId }), judgeJob(scenario, { jobId })]);
    const events = scenario.stores.log(jobId).map((event) => event.type);
    expect(events.filter((type) => type === 'job.judged')).toHaveLength(1);
    expect((await scenario.stores.jobs.find(jobId))?.status).toBe('publishing');
  });

  test('again changes nothing', async () => {
    const scenario = await raceScenario(three);
    await judgeJob(scenario, { jobId });
    const before = await stateOf(scenario);
    expect(await judgeJob(scenario, { jobId })).toBe('skipped');
    expect(await stateOf(scenario)).toEqual(before);
  });
});

describe('after a crash at any point, the next delivery ends in the same state', () => {
  const deliver = (deps: Parameters<typeof judgeJob>[0]) => judgeJob(deps, { jobId });

  test('with a winner', async () => {
    expect(await crashEverywhere({ build: () => raceScenario(three), deliver })).toBeGreaterThan(10);
  });

  test('with runs to cut off', async () => {
    const build = () =>
      raceScenario([{ status: 'scored' }, { status: 'training' }, { status: 'leased' }], { goalReached: true });
    expect(await crashEverywhere({ build, deliver })).toBeGreaterThan(10);
  });

  test('with nobody who is good', async () => {
    const build = () => raceScenario([{ status: 'scored', quality: 0.2 }]);
    expect(await crashEverywhere({ build, deliver })).toBeGreaterThan(5);
  });

  test('with nobody who came', async () => {
    const build = () => raceScenario([], { waitUntil: new Date(0) });
    expect(await crashEverywhere({ build, deliver })).toBeGreaterThan(3);
  });
});
