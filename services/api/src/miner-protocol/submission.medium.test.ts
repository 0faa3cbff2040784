import { limits } from '@agon/contracts';
import { anEvaluation, aScore, fixedClock } from '@agon/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, aCommit, closeSeats, codeOf, leaseRun, sha256 } from '../testing/lease-run.ts';
import { openRace } from '../testing/open-race.ts';
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

describe('a submission', () => {
  test('commit, upload and finish hand a model in; each may be repeated', async () => {
    const { act, run, miner } = await leased();
    const committed = await act('submission', { ...aCommit(model), template: 'tabular-linear' });
    expect(committed.body).toMatchObject({ object: 'miner.submission', committed_at: clock.nowMs() / 1000 });
    const [upload] = uploadsOf(committed);
    expect(upload).toMatchObject({ offset: 0, bytes: model.length });
    clock.advance(1_000);
    expect((await act('submission', aCommit(model))).body).toEqual(committed.body);
    expect(codeOf(await act('finish'))).toBe('submission_incomplete');
    expect((await patch(upload?.url ?? '', model)).status).toBe(204);
    expect(uploadsOf(await act('submission', aCommit(model)))[0]?.offset).toBe(model.length);
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
    expect(codeOf(await act('submission', aCommit(model)))).toBe('run_not_accepting');
    expect(codeOf(await act('fail', { class: 'user_code', message: 'No.' }))).toBe('run_not_accepting');
    expect((await miner.get(`/v1/miner/runs/${run}`)).body).toEqual(finished.body);
  });

  test('another commit replaces the first and ends its uploads', async () => {
    const { act } = await leased();
    const [first] = uploadsOf(await act('submission', aCommit(model)));
    clock.advance(5_000);
    const second = await act('submission', aCommit(Buffer.from('a better model')));
    expect(second.body.committed_at).toBe(clock.nowMs() / 1000);
    expect((await patch(first?.url ?? '', model)).status).toBe(410);
    expect((await patch(uploadsOf(second)[0]?.url ?? '', Buffer.from('a better model'))).status).toBe(204);
    expect((await act('finish')).status).toBe(200);
  });

  test('a hash that the service has seen before saves no upload', async () => {
    const [first, second] = [await leased(), await leased()];
    const [upload] = uploadsOf(await first.act('submission', aCommit(model)));
    await patch(upload?.url ?? '', model);
    expect(uploadsOf(await second.act('submission', aCommit(model)))[0]?.offset).toBe(0);
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
    expect(codeOf(await act('submission', { ...aCommit(model), ...change }))).toBe(code);
  });

  test('it is taken until the grace time is over, then no more', async () => {
    const [early, late] = [await leased(), await leased()];
    clock.advance(600_000 + 20_000);
    expect((await early.act('submission', aCommit(model))).status).toBe(200);
    clock.advance(1);
    expect(codeOf(await late.act('submission', aCommit(model)))).toBe('lease_lost');
    expect(codeOf(await early.act('finish'))).toBe('lease_lost');
  });

  test('a lapsed seat that nobody took still takes it', async () => {
    const { act, seatId } = await leased();
    await api.stores.seats.lapse({ seatId, fence: 1 });
    expect((await act('submission', aCommit(model))).status).toBe(200);
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
