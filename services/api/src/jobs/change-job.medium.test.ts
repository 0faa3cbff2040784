import { aHash, aMeasuredPart, anEvaluation, aRun, fixedClock } from '@agon/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytes, openRace } from '../testing/open-race.ts';
import { type Caller, callerWith, startTestApi, type TestApi } from '../testing/test-api.ts';

const clock = fixedClock(Date.UTC(2026, 5, 1));
let api: TestApi;
let caller: Caller;
beforeAll(async () => {
  api = await startTestApi({ clock });
  caller = await callerWith(api);
});
afterAll(() => api.close());

const race = (overrides: Parameters<typeof openRace>[1] = {}) =>
  openRace(api, { accountId: caller.accountId, ...overrides });

describe('cancelling', () => {
  test('a cancelled job closes its seats and stops its runs, and cancelling it again changes nothing', async () => {
    const job = await race();
    const [seat] = await api.stores.seats.listByJob(job.id);
    const run = aRun({ id: api.newId('run'), jobId: job.id, seatId: seat?.id ?? '' });
    await api.stores.seats.claim({
      seatId: run.seatId,
      fence: 0,
      minerId: run.minerId,
      runId: run.id,
      now: clock.date(),
    });
    await api.stores.runs.insert(run, { type: 'run.leased', message: 'A miner took a seat.' });
    const first = await caller.post(`/v1/jobs/${job.id}/cancel`).expect(200);
    expect(first.body).toMatchObject({ status: 'cancelled', seats: { done: 3, racing: 0, open: 0 } });
    expect(first.body.finished_at).toBe(clock.nowMs() / 1000);
    expect(await api.stores.runs.find(run.id)).toMatchObject({
      status: 'cancelled',
      failure: { code: 'job_cancelled' },
    });
    const again = await caller.post(`/v1/jobs/${job.id}/cancel`).expect(200);
    expect(again.body).toEqual(first.body);
  });

  test('a job that has ended otherwise is not cancelled, with a status that no SDK retries', async () => {
    const job = await race({ status: 'succeeded' });
    const { body } = await caller.post(`/v1/jobs/${job.id}/cancel`).expect(400);
    expect(body.error.code).toBe('job_already_final');
  });
});

describe('pausing', () => {
  test('the clock of the race stands still while the job is paused', async () => {
    const deadlineAt = new Date(clock.nowMs() + 600_000);
    const job = await race({ deadlineAt });
    const paused = await caller.post(`/v1/jobs/${job.id}/pause`).expect(200);
    expect(paused.body.status).toBe('paused');
    clock.advance(3_600_000);
    api.queue.added = [];
    const resumed = await caller.post(`/v1/jobs/${job.id}/resume`).expect(200);
    expect(resumed.body).toMatchObject({ status: 'open', deadline_at: deadlineAt.getTime() / 1000 + 3_600 });
    expect(api.queue.ofQueue('job.judge').map((work) => work.delayMs)).toEqual([600_000, 620_000]);
    expect(api.queue.signals).toContainEqual({ kind: 'seats', jobId: job.id });
  });

  test('pausing twice and resuming twice are the same as once', async () => {
    const job = await race();
    const paths = ['pause', 'pause', 'resume', 'resume'];
    const statuses: string[] = [];
    for (const path of paths) statuses.push((await caller.post(`/v1/jobs/${job.id}/${path}`).expect(200)).body.status);
    expect(statuses).toEqual(['paused', 'paused', 'open', 'open']);
  });

  test.each([
    ['preparing', 'job_not_pausable'],
    ['judging', 'job_not_pausable'],
    ['failed', 'job_already_final'],
  ] as const)('a %s job is not paused', async (status, code) => {
    const job = await race({ status });
    expect((await caller.post(`/v1/jobs/${job.id}/pause`).expect(400)).body.error.code).toBe(code);
    expect((await caller.post(`/v1/jobs/${job.id}/resume`).expect(400)).body.error.code).toBe(code);
  });
});

describe('deleting', () => {
  const put = (text: string) => api.artifacts.put(bytes(text));

  test('a job that has ended goes with all that it made, but not what others refer to', async () => {
    const [outcome, model, shared] = [await put('outcome'), await put('model'), await put('shared')];
    const job = await race({
      status: 'failed',
      baseline: { summary: '', selection: { ...aMeasuredPart(), outcome: shared }, report: aMeasuredPart(1) },
    });
    const other = await race({
      baseline: { summary: '', selection: { ...aMeasuredPart(), outcome: shared }, report: aMeasuredPart(1) },
    });
    const run = aRun({
      id: api.newId('run'),
      jobId: job.id,
      status: 'scored',
      submission: {
        id: 'sub_00000001',
        format: 'onnx',
        committedAt: clock.date(),
        files: [{ path: 'model.onnx', ...model, uploadId: 'upl_1' }],
      },
    });
    await api.stores.runs.insert(run, { type: 'run.leased', message: 'A miner took a seat.' });
    const selection = { ...aMeasuredPart(), outcome };
    await api.stores.evaluations.insert(anEvaluation({ runId: run.id, jobId: job.id, selection }));
    const deleted = await caller.delete(`/v1/jobs/${job.id}`).expect(200);
    expect(deleted.body).toEqual({ id: job.id, object: 'job', deleted: true });
    expect(await api.artifacts.stat(outcome.sha256)).toBeUndefined();
    expect(await api.artifacts.stat(model.sha256)).toBeUndefined();
    expect(await api.artifacts.stat(shared.sha256)).toBeDefined();
    expect(await api.stores.runs.listByJob(job.id)).toEqual([]);
    expect(await api.stores.seats.listByJob(job.id)).toEqual([]);
    expect(await api.stores.events.list({ jobId: job.id, afterSequence: 0, limit: 9 })).toEqual([]);
    expect(await api.stores.evaluations.find(run.id)).toBeUndefined();
    await caller.get(`/v1/jobs/${job.id}`).expect(404);
    await caller.get(`/v1/jobs/${other.id}`).expect(200);
  });

  test('a job that goes on is not deleted', async () => {
    const job = await race();
    expect((await caller.delete(`/v1/jobs/${job.id}`).expect(400)).body.error.code).toBe('job_not_final');
  });
});

describe('accounts', () => {
  test("another account's job is not found by any route", async () => {
    const job = await race({ receipt: { sha256: aHash(99), bytes: 1 } });
    const stranger = await callerWith(api);
    for (const path of ['', '/events', '/runs', '/leaderboard', '/receipt']) {
      expect((await stranger.get(`/v1/jobs/${job.id}${path}`).expect(404)).body.error.code).toBe('job_not_found');
    }
    for (const path of ['cancel', 'pause', 'resume']) await stranger.post(`/v1/jobs/${job.id}/${path}`).expect(404);
    await stranger.delete(`/v1/jobs/${job.id}`).expect(404);
    expect((await stranger.get('/v1/jobs')).body.data).toEqual([]);
    expect((await api.stores.jobs.find(job.id))?.status).toBe('open');
  });

  test('a list is filtered by status and paged', async () => {
    const owner = await callerWith(api);
    const ids: string[] = [];
    for (const status of ['open', 'failed', 'open'] as const) {
      clock.advance(5);
      ids.push((await openRace(api, { accountId: owner.accountId, status })).id);
    }
    const open = await owner.get('/v1/jobs?status=open').expect(200);
    expect(open.body.data.map((job: { id: string }) => job.id)).toEqual([ids[2], ids[0]]);
    const page = await owner.get('/v1/jobs?limit=1').expect(200);
    expect(page.body).toMatchObject({ has_more: true, last_id: ids[2] });
  });
});

describe('the receipt', () => {
  test('before the end there is none, then its very bytes are served', async () => {
    const open = await race();
    expect((await caller.get(`/v1/jobs/${open.id}/receipt`).expect(404)).body.error.code).toBe('receipt_not_ready');
    const text = '{"body": {"version":1},  "signature": {}}';
    const done = await race({ status: 'succeeded', receipt: await api.artifacts.put(bytes(text)) });
    const answer = await caller.get(`/v1/jobs/${done.id}/receipt`).expect(200).expect('content-type', /json/);
    expect(answer.text).toBe(text);
  });
});
