import { createHash } from 'node:crypto';
import { limits } from '@agon/contracts';
import { anEvaluation, aScore, fixedClock } from '@agon/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openRace, trainCsv } from '../testing/open-race.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { type TestMiner, testMiner } from '../testing/test-miner.ts';

const clock = fixedClock(Date.UTC(2026, 5, 1));
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ clock });
});
afterAll(() => api.close());
/** No seat is left over from the test before. */
beforeEach(async () => {
  const jobs = await api.stores.jobs.list({ statuses: ['open'], limit: 100 });
  for (const job of jobs) await api.stores.seats.closeFree(job.id);
});

type Answer = Awaited<ReturnType<TestMiner['send']>>;
const codeOf = (answer: Answer): string => (answer.body.error as { code: string } | undefined)?.code ?? 'none';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const model = Buffer.from('a model');
const aCommit = (bytes = model) => ({
  format: 'onnx',
  files: [{ path: 'model.onnx', bytes: bytes.length, sha256: sha256(bytes) }],
});

/** A job of its own with a run in it. */
async function leased(options: Parameters<typeof openRace>[1] = {}) {
  const job = await openRace(api, { seats: 1, ...options });
  const miner = testMiner(api, 'ada');
  await miner.register();
  const lease = await miner.lease(0);
  expect(lease.status).toBe(200);
  const run = lease.body.run as string;
  const act = (action: string, body: object = {}): Promise<Answer> =>
    miner.post(`/v1/miner/runs/${run}/${action}`, { fence: lease.body.fence, ...body });
  const [seat] = await api.stores.seats.listByJob(job.id);
  return { job, miner, lease, run, act, seatId: seat?.id ?? '' };
}

const patch = (url: string, bytes: Buffer, offset = 0): Promise<Response> =>
  fetch(api.url + url, {
    method: 'PATCH',
    headers: {
      'tus-resumable': '1.0.0',
      'content-type': 'application/offset+octet-stream',
      'upload-offset': String(offset),
    },
    body: new Uint8Array(bytes),
  });
const uploadsOf = (answer: Answer) => answer.body.uploads as { id: string; url: string; offset: number }[];

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
    expect(kept).toMatchObject({ status: 'training', template: 'tabular-gbdt', logTail: 'hello', curve: [[5, 0.7]] });
    expect(api.queue.signals).toContainEqual({
      kind: 'progress',
      jobId: job.id,
      runId: run,
      minerName: 'ada',
      progress,
    });
    expect(kept?.lastHeartbeatAt.getTime()).toBe(clock.nowMs());
  });

  test('the curve of a long run stays bounded and spans it', async () => {
    const { act, run } = await leased({ minutes: 600 });
    for (let step = 1; step <= limits.curvePointsMax + 60; step += 1) {
      clock.advance(1_000);
      await act('heartbeat', { progress: { step, loss: 1 / step } });
    }
    const curve = (await api.stores.runs.find(run))?.curve ?? [];
    expect(curve.length).toBeLessThanOrEqual(limits.curvePointsMax);
    expect([curve[0]?.[0], curve.at(-1)?.[0]]).toEqual([1, limits.curvePointsMax + 60]);
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
    await act('submission', aCommit());
    await api.stores.seats.lapse({ seatId, fence: 1 });
    const rival = testMiner(api, 'bob');
    await rival.register();
    expect((await rival.lease(0)).body.fence).toBe(2);
    const beat = await act('heartbeat');
    expect([beat.status, codeOf(beat), beat.headers.get('x-should-retry')]).toEqual([409, 'lease_lost', 'false']);
    expect(codeOf(await act('submission', aCommit()))).toBe('lease_lost');
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

describe('a submission', () => {
  test('commit, upload and finish hand a model in; each may be repeated', async () => {
    const { act, run, miner } = await leased();
    const committed = await act('submission', { ...aCommit(), template: 'tabular-linear' });
    expect(committed.body).toMatchObject({ object: 'miner.submission', committed_at: clock.nowMs() / 1000 });
    const [upload] = uploadsOf(committed);
    expect(upload).toMatchObject({ offset: 0, bytes: model.length });
    clock.advance(1_000);
    expect((await act('submission', aCommit())).body).toEqual(committed.body);
    expect(codeOf(await act('finish'))).toBe('submission_incomplete');
    expect((await patch(upload?.url ?? '', model)).status).toBe(204);
    expect(uploadsOf(await act('submission', aCommit()))[0]?.offset).toBe(model.length);
    const finished = await act('finish');
    expect(finished.body).toMatchObject({
      object: 'miner.run',
      id: run,
      status: 'uploaded',
      template: 'tabular-linear',
    });
    expect(await api.artifacts.stat(sha256(model))).toMatchObject({ bytes: model.length });
    expect(api.queue.ofQueue('run.score').map(({ payload }) => payload.runId)).toContain(run);
    expect((await act('finish')).body).toEqual(finished.body);
    expect(codeOf(await act('submission', aCommit()))).toBe('run_not_accepting');
    expect(codeOf(await act('fail', { class: 'user_code', message: 'No.' }))).toBe('run_not_accepting');
    expect((await miner.get(`/v1/miner/runs/${run}`)).body).toEqual(finished.body);
  });

  test('another commit replaces the first and ends its uploads', async () => {
    const { act } = await leased();
    const [first] = uploadsOf(await act('submission', aCommit()));
    clock.advance(5_000);
    const second = await act('submission', aCommit(Buffer.from('a better model')));
    expect(second.body.committed_at).toBe(clock.nowMs() / 1000);
    expect((await patch(first?.url ?? '', model)).status).toBe(410);
    expect((await patch(uploadsOf(second)[0]?.url ?? '', Buffer.from('a better model'))).status).toBe(204);
    expect((await act('finish')).status).toBe(200);
  });

  test('a hash that the service has seen before saves no upload', async () => {
    const [first, second] = [await leased(), await leased()];
    const [upload] = uploadsOf(await first.act('submission', aCommit()));
    await patch(upload?.url ?? '', model);
    expect(uploadsOf(await second.act('submission', aCommit()))[0]?.offset).toBe(0);
    expect(codeOf(await second.act('finish'))).toBe('submission_incomplete');
  });

  test.each([
    [
      'a path that leaves the folder',
      { files: [{ path: '../x', bytes: 1, sha256: '0'.repeat(64) }] },
      'invalid_request',
    ],
    ['an absolute path', { files: [{ path: '/etc/passwd', bytes: 1, sha256: '0'.repeat(64) }] }, 'invalid_request'],
    ['an empty file', { files: [{ path: 'a', bytes: 0, sha256: '0'.repeat(64) }] }, 'invalid_request'],
    [
      'two files with one name',
      { files: ['a', 'A'].map((path) => ({ path, bytes: 1, sha256: '0'.repeat(64) })) },
      'invalid_request',
    ],
    [
      'too many bytes',
      { files: [{ path: 'a', bytes: limits.submissionBytesMax + 1, sha256: '0'.repeat(64) }] },
      'submission_too_large',
    ],
    ['no file', { files: [] }, 'invalid_request'],
  ])('%s is refused', async (_, change, code) => {
    const { act } = await leased();
    expect(codeOf(await act('submission', { ...aCommit(), ...change }))).toBe(code);
  });

  test('it is taken until the grace time is over, then no more', async () => {
    const [early, late] = [await leased(), await leased()];
    clock.advance(600_000 + 20_000);
    expect((await early.act('submission', aCommit())).status).toBe(200);
    clock.advance(1);
    expect(codeOf(await late.act('submission', aCommit()))).toBe('lease_lost');
    expect(codeOf(await early.act('finish'))).toBe('lease_lost');
  });

  test('a lapsed seat that nobody took still takes it', async () => {
    const { act, seatId } = await leased();
    await api.stores.seats.lapse({ seatId, fence: 1 });
    expect((await act('submission', aCommit())).status).toBe(200);
  });
});

describe('giving up', () => {
  test('the seat of a failed run is offered again, and the reason is kept', async () => {
    const { act, run, seatId, job } = await leased();
    api.queue.signals = [];
    const body = { class: 'oom', message: 'Out of memory.', log_tail: 'Killed' };
    const failed = await act('fail', body);
    expect(failed.body).toMatchObject({
      status: 'failed',
      error: { code: 'trainer_oom', class: 'oom', message: 'Out of memory.' },
      log_tail: 'Killed',
    });
    expect(await api.stores.seats.find(seatId)).toMatchObject({ status: 'open', minerId: null });
    expect(api.queue.signals).toContainEqual({ kind: 'seats', jobId: job.id });
    expect((await act('fail', body)).body).toEqual(failed.body);
    expect((await api.stores.runs.find(run))?.status).toBe('failed');
  });

  test('after the last attempt the seat closes', async () => {
    const job = await openRace(api, { seats: 1 });
    for (let attempt = 1; attempt <= limits.seatAttemptsMax; attempt += 1) {
      const miner = testMiner(api, `miner ${attempt}`);
      await miner.register();
      const { body } = await miner.lease(0);
      const failure = { fence: body.fence, class: 'user_code', message: 'It broke.' };
      await miner.post(`/v1/miner/runs/${body.run}/fail`, failure);
    }
    expect((await api.stores.seats.listByJob(job.id)).map((seat) => seat.status)).toEqual(['closed']);
  });
});

describe('what a miner reads', () => {
  test('a score is sealed until the job is judged; the reason of a rejection never is', async () => {
    const { run, miner, job } = await leased();
    await api.stores.evaluations.insert(anEvaluation({ runId: run, jobId: job.id }));
    const read = async () => (await miner.get(`/v1/miner/runs/${run}`)).body;
    expect(await read()).toMatchObject({ score: null, won: null, rank: null });
    const entry = {
      runId: run,
      rank: 1,
      score: aScore(0.4),
      toWinner: null,
      pBest: 1,
      beatsBaseline: true,
      copyOf: null,
    };
    const judgement = {
      judgedAt: clock.date(),
      reason: 'goal' as const,
      entries: [entry],
      bootstrapSeed: 1,
      resamples: 2,
    };
    await api.stores.jobs.update({ jobId: job.id, while: ['open'], set: { judgement } });
    expect(await read()).toMatchObject({ score: { value: 0.4 }, won: false, rank: 1 });

    const other = await leased();
    const rejection = { code: 'inputs_wrong' as const, message: 'There is no column z.' };
    const verdict = { verdict: 'rejected' as const, rejection, selection: null, report: null, metrics: {} };
    await api.stores.evaluations.insert(anEvaluation({ runId: other.run, jobId: other.job.id, ...verdict }));
    const reason = (await other.miner.get('/v1/miner/runs')).body.data as unknown[];
    expect(reason).toMatchObject([{ id: other.run, score: null, error: { code: 'inputs_wrong' } }]);
  });
});
