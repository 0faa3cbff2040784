import { jobStatusesNotFinal } from '@agon/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, callerWith, someCsv, startTestApi, type TestApi, uploadFile } from '../testing/test-api.ts';

let api: TestApi;
let caller: Caller;
let file: string;
/** A crash between the reservation of a key and the insertion of its job. */
let insertionFails = false;

beforeAll(async () => {
  api = await startTestApi({
    adapt: ({ stores }) => ({
      stores: {
        ...stores,
        jobs: {
          ...stores.jobs,
          insert: async (job, event) => {
            if (insertionFails) throw new Error('the process died');
            return stores.jobs.insert(job, event);
          },
        },
      },
    }),
  });
  caller = await callerWith(api);
  file = await uploadFile(caller);
});
afterAll(() => api.close());

let unique = 0;
const aBody = (overrides: object = {}) => {
  unique += 1;
  return { training_file: file, target: 'y', metadata: { test: String(unique) }, ...overrides };
};
const create = (body: object, key?: string) => {
  const request = caller.post('/v1/jobs');
  return (key === undefined ? request : request.set('idempotency-key', key)).send(body);
};
const jobsOf = async (): Promise<number> =>
  (await api.stores.jobs.list({ accountId: caller.accountId, limit: 100 })).length;

describe('creating a job', () => {
  test('a job says what was found in the dataset and is prepared next', async () => {
    const { body: job } = await create(aBody({ budget: { minutes: 5 } })).expect(200);
    expect(job).toMatchObject({
      object: 'job',
      status: 'preparing',
      task: 'tabular-classification',
      objective: { metric: 'log_loss', direction: 'minimize', goal: null },
      budget: { minutes: 5, seats: 3 },
      seats: { total: 3, open: 0, racing: 0, done: 0 },
    });
    expect(job.task_inferred).toContain('"y"');
    expect(job.dataset.rows).toBe(300);
    expect(api.queue.ofQueue('job.prepare').map(({ payload }) => payload.jobId)).toContain(job.id);
    const events = (await caller.get(`/v1/jobs/${job.id}/events`)).body.data;
    expect(events.map((event: { type: string }) => event.type)).toEqual(['job.created']);
    expect(JSON.stringify(job)).not.toContain((await api.stores.jobs.find(job.id))?.splitSecret);
  });

  test.each([
    ['an unknown column', { target: 'z' }, 400, 'target_missing', 'target'],
    [
      'a metric of another task',
      { task: 'tabular-classification', objective: { metric: 'rmse' } },
      400,
      'metric_unsuitable',
      'objective.metric',
    ],
    ['an unknown file', { training_file: 'file-00000000' }, 404, 'file_not_found', 'training_file'],
    ['too many seats', { budget: { minutes: 1, seats: 99 } }, 400, 'invalid_request', 'budget.seats'],
    ['an unknown field', { colour: 'red' }, 400, 'invalid_request', 'colour'],
  ])('%s is refused with its code and field', async (_, overrides, status, code, param) => {
    const before = await jobsOf();
    const { body } = await create(aBody(overrides)).expect(status);
    expect(body.error).toMatchObject({ code, param });
    expect(body.error.help).not.toBe('');
    expect(await jobsOf()).toBe(before);
  });

  test('a bad cell is refused with its row number', async () => {
    const csv = someCsv(200).replace('0.00000,p', '0.00000');
    const bad = await uploadFile(caller, csv);
    const { body } = await create(aBody({ training_file: bad })).expect(400);
    expect(body.error.code).toMatch(/^dataset_/);
    expect(body.error.problems[0]).toMatchObject({ row: 1, count: 1 });
  });

  test("another account's file is not found", async () => {
    const stranger = await callerWith(api);
    const { body } = await stranger.post('/v1/jobs').send(aBody()).expect(404);
    expect(body.error.code).toBe('file_not_found');
  });

  test('a key that may only read cannot create', async () => {
    const reader = await callerWith(api, { scopes: ['jobs:read'], accountId: caller.accountId });
    const { body } = await reader.post('/v1/jobs').send(aBody()).expect(403);
    expect(body.error).toMatchObject({ code: 'missing_scope', type: 'permission_error' });
  });

  test('a queue that is out of reach does not lose the job', async () => {
    api.queue.away = true;
    const { body: job } = await create(aBody()).expect(200);
    api.queue.away = false;
    expect((await api.stores.jobs.find(job.id))?.status).toBe('preparing');
  });
});

describe('sending a creation again', () => {
  test('the same Idempotency-Key and body give the same job, spelt differently too', async () => {
    const body = aBody();
    const first = await create(body, 'key-1').expect(200);
    const { metadata, target, training_file } = body;
    const again = await create({ metadata, target, training_file }, 'key-1').expect(200);
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotent-replayed']).toBe('true');
  });

  test('the same Idempotency-Key with another body is refused', async () => {
    await create(aBody(), 'key-2').expect(200);
    const { body } = await create(aBody(), 'key-2').expect(422);
    expect(body.error.code).toBe('idempotency_key_reused');
  });

  test('an Idempotency-Key is its account’s own', async () => {
    const first = await create(aBody(), 'key-3').expect(200);
    const stranger = await callerWith(api);
    const theirs = await uploadFile(stranger);
    const other = await stranger
      .post('/v1/jobs')
      .set('idempotency-key', 'key-3')
      .send(aBody({ training_file: theirs }))
      .expect(200);
    expect(other.body.id).not.toBe(first.body.id);
  });

  test('twenty at once make one job', async () => {
    const [body, before] = [aBody(), await jobsOf()];
    const answers = await Promise.all(Array.from({ length: 20 }, () => create(body, 'key-4').expect(200)));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    expect(await jobsOf()).toBe(before + 1);
  });

  test('without a key an identical body is the same request, and a different one is not', async () => {
    const body = aBody();
    const [first, again, other] = [await create(body), await create(body), await create(aBody())];
    expect(again.body.id).toBe(first.body.id);
    expect(other.body.id).not.toBe(first.body.id);
  });

  test('a refused request frees its key for the mended body', async () => {
    await create(aBody({ target: 'z' }), 'key-5').expect(400);
    await create(aBody(), 'key-5').expect(200);
  });

  test('a creation that died after taking the key is made good by the next', async () => {
    const body = aBody();
    insertionFails = true;
    const died = await create(body, 'key-6').expect(500);
    expect(died.body.error.message).not.toContain('died');
    insertionFails = false;
    await create(body, 'key-6').expect(200);
  });

  test('a key that points at a job that was never inserted makes that job', async () => {
    const body = aBody();
    const made = await create(body, 'key-7').expect(200);
    await api.stores.jobs.delete(made.body.id);
    const again = await create(body, 'key-7').expect(200);
    expect(again.body.id).toBe(made.body.id);
  });

  test('a deleted job is not brought back by its key', async () => {
    const body = aBody();
    const made = await create(body, 'key-8').expect(200);
    await caller.post(`/v1/jobs/${made.body.id}/cancel`).expect(200);
    await caller.delete(`/v1/jobs/${made.body.id}`).expect(200);
    const again = await create(body, 'key-8').expect(200);
    expect(again.body.id).not.toBe(made.body.id);
  });
});

describe('validating a job', () => {
  test('a good job is valid, with an estimate, and nothing is created', async () => {
    const before = await jobsOf();
    const { body } = await caller.post('/v1/jobs/validate').send(aBody()).expect(200);
    expect(body).toMatchObject({ object: 'job.validation', valid: true, task: 'tabular-classification', problems: [] });
    expect(body.estimate).toMatchObject({ seats: 3, race_minutes_max: 10, miners_that_fit: 0 });
    expect(await jobsOf()).toBe(before);
  });

  test.each([
    ['a missing target', { target: 'z' }, 'target_missing'],
    ['an unsuitable metric', { task: 'tabular-classification', objective: { metric: 'mae' } }, 'metric_unsuitable'],
  ])('%s is an answer, not an error', async (_, overrides, code) => {
    const { body } = await caller.post('/v1/jobs/validate').send(aBody(overrides)).expect(200);
    expect(body).toMatchObject({ valid: false, error: { code } });
  });

  test('what creating accepts is what validating calls valid', async () => {
    for (const overrides of [{}, { target: 'a' }, { target: 'b' }, { ignore_columns: ['nope'] }, { target: '' }]) {
      const body = aBody(overrides);
      const validated = await caller.post('/v1/jobs/validate').send(body);
      const created = await create(body);
      expect(created.status === 200, JSON.stringify(overrides)).toBe(validated.body.valid === true);
    }
    expect(jobStatusesNotFinal).toContain('preparing');
  });
});
