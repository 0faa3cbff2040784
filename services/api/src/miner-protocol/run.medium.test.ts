import { limits } from '@agon/contracts';
import { fixedClock } from '@agon/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aCommit, closeSeats, codeOf, leaseRun, sha256 } from '../testing/lease-run.ts';
import { openRace, trainCsv } from '../testing/open-race.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { testMiner } from '../testing/test-miner.ts';

const clock = fixedClock(Date.UTC(2026, 5, 1));
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ clock });
});
afterAll(() => api.close());
beforeEach(() => closeSeats(api));

const model = Buffer.from('a model');
const leased = (options?: Parameters<typeof openRace>[1]) => leaseRun(api, options);

describe('a lease', () => {
  test('a lease names the run, its fence and its data, and nothing of the client or hidden rows', async () => {
    const { job, lease, run } = await leased();
    expect(lease.body).toMatchObject({
      object: 'miner.lease',
      fence: 1,
      job: { id: job.id, task: 'tabular-classification' },
      deadline: clock.nowMs() / 1000 + 600,
      heartbeat_seconds: limits.heartbeatSeconds,
    });
    const text = JSON.stringify(lease.body);
    for (const secret of [job.accountId, job.splitSecret, job.parts?.selection.sha256, job.spec.training_file]) {
      expect(text).not.toContain(secret);
    }
    expect(await api.stores.runs.find(run)).toMatchObject({ status: 'leased', jobId: job.id });
    const judging = api.queue.ofQueue('job.judge').filter(({ payload }) => payload.jobId === job.id);
    expect(judging.map((work) => work.delayMs)).toEqual([600_000, 620_000]);
    expect(api.queue.ofQueue('lease.expire').map(({ payload }) => payload.jobId)).toContain(job.id);
  });

  test('two runs of a job have seeds of their own, and the second moves no deadline', async () => {
    const job = await openRace(api, { seats: 2 });
    const miners = [testMiner(api, 'ada'), testMiner(api, 'bob')];
    for (const miner of miners) await miner.register();
    const first = await miners[0]?.lease(0);
    clock.advance(60_000);
    const second = await miners[1]?.lease(0);
    expect(second?.body.deadline).toBe(first?.body.deadline);
    const runs = await api.stores.runs.listByJob(job.id);
    expect(new Set(runs.map((run) => run.seed)).size).toBe(2);
  });

  test('work that does not fit the machine, or that the miner holds already, is not given', async () => {
    await openRace(api, { seats: 2, needs: { memoryMib: 999_999, vramMib: 0, cpus: 1 } });
    const { miner } = await leased({ seats: 2 });
    expect((await miner.lease(0)).status).toBe(204);
  });

  test('a miner has at most two runs in a job', async () => {
    const { miner, act } = await leased();
    await act('fail', { class: 'user_code', message: 'It broke.' });
    const second = await miner.lease(0);
    expect(second.body.fence).toBe(2);
    const body = { fence: 2, class: 'user_code', message: 'It broke again.' };
    await miner.post(`/v1/miner/runs/${second.body.run}/fail`, body);
    expect((await miner.lease(0)).status).toBe(204);
  });
});

describe('the data of a run', () => {
  test('the training part is served whole and in ranges to its miner alone', async () => {
    const { miner, lease, run } = await leased();
    const [data] = lease.body.data as { url: string; sha256: string; bytes: number }[];
    const target = data?.url ?? '';
    const get = (headers: Record<string, string> = {}): Promise<Response> =>
      fetch(api.url + target, { headers: { ...miner.sign('GET', target, ''), ...headers } });
    const whole = Buffer.from(await (await get()).arrayBuffer());
    expect(whole.toString()).toBe(trainCsv);
    expect(sha256(whole)).toBe(data?.sha256);
    const rest = await get({ range: 'bytes=100-' });
    expect([rest.status, await rest.text()]).toEqual([206, trainCsv.slice(100)]);
    const stranger = testMiner(api, 'bob');
    await stranger.register();
    expect(codeOf(await stranger.get(target))).toBe('run_not_found');
    expect(codeOf(await miner.get(`/v1/miner/runs/${run}/data/selection.csv`))).toBe('run_not_found');
  });
});

describe('heartbeats', () => {
  test('the first one begins the training; progress, template and log are kept and told', async () => {
    const { act, run, job } = await leased();
    clock.advance(5_000);
    const progress = { step: 1, steps: 9, loss: 0.7 };
    const answer = await act('heartbeat', { progress, template: 'tabular-gbdt', log_tail: 'hello' });
    expect(answer.body).toMatchObject({ command: 'continue', reason: null });
    const kept = await api.stores.runs.find(run);
    expect(kept).toMatchObject({
      status: 'training',
      template: 'tabular-gbdt',
      logTail: 'hello',
      curve: [[5, 0.7, 1]],
    });
    expect(api.queue.signals).toContainEqual({
      kind: 'progress',
      jobId: job.id,
      runId: run,
      minerName: 'ada',
      progress,
    });
    expect(kept?.lastHeartbeatAt.getTime()).toBe(clock.nowMs());
  });

  test('the command follows the job: continue, finish at the deadline, stop at the end', async () => {
    const { act, job } = await leased();
    const commandOf = async (): Promise<unknown> => (await act('heartbeat')).body.command;
    expect(await commandOf()).toBe('continue');
    clock.advance(600_000);
    expect(await commandOf()).toBe('finish');
    const event = { type: 'job.judging', message: 'The race is over.' };
    await api.stores.jobs.move({ jobId: job.id, from: 'open', to: 'judging', event });
    expect(await commandOf()).toBe('stop');
  });

  test('a reached goal stops every run', async () => {
    const { act, job } = await leased();
    await api.stores.jobs.update({ jobId: job.id, while: ['open'], set: { goalReached: true } });
    expect((await act('heartbeat')).body).toMatchObject({
      command: 'stop',
      reason: 'The goal of the job was reached.',
    });
  });

  test('while the job is paused the deadline moves on', async () => {
    const { act, job } = await leased();
    const event = { type: 'job.paused', message: 'Paused.' };
    const set = { pausedAt: clock.date() };
    await api.stores.jobs.move({ jobId: job.id, from: 'open', to: 'paused', set, event });
    clock.advance(700_000);
    const answer = await act('heartbeat');
    expect(answer.body).toMatchObject({ command: 'continue', deadline: clock.nowMs() / 1000 + 600 });
  });

  test('a silent miner that is back before anyone took its seat goes on', async () => {
    const { act, seatId } = await leased();
    await api.stores.seats.lapse({ seatId, fence: 1 });
    expect((await act('heartbeat')).body.command).toBe('continue');
    expect((await api.stores.seats.find(seatId))?.status).toBe('leased');
  });

  test('a seat that another miner took is lost, and the old run expires', async () => {
    const { act, run, seatId } = await leased();
    await act('submission', aCommit(model));
    await api.stores.seats.lapse({ seatId, fence: 1 });
    const rival = testMiner(api, 'bob');
    await rival.register();
    expect((await rival.lease(0)).body.fence).toBe(2);
    const beat = await act('heartbeat');
    expect([beat.status, codeOf(beat), beat.headers.get('x-should-retry')]).toEqual([409, 'lease_lost', 'false']);
    expect(codeOf(await act('submission', aCommit(model)))).toBe('lease_lost');
    expect(codeOf(await act('finish'))).toBe('lease_lost');
    expect(await api.stores.runs.find(run)).toMatchObject({ status: 'expired', failure: { code: 'lease_lost' } });
    expect((await api.stores.uploads.listByRun(run)).map((upload) => upload.status)).toEqual(['ended']);
  });

  test('another fence, and another miner, are refused', async () => {
    const { run, miner } = await leased();
    expect(codeOf(await miner.post(`/v1/miner/runs/${run}/heartbeat`, { fence: 2 }))).toBe('lease_lost');
    const stranger = testMiner(api, 'bob');
    await stranger.register();
    expect(codeOf(await stranger.post(`/v1/miner/runs/${run}/heartbeat`, { fence: 1 }))).toBe('run_not_found');
    expect(codeOf(await stranger.get(`/v1/miner/runs/${run}`))).toBe('run_not_found');
  });
});
