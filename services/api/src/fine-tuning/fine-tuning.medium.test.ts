import { aBaseModel, aModel, aRun } from '@agon/testing';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, callerWith, startTestApi, type TestApi } from '../testing/test-api.ts';

const rows = Array.from({ length: 200 }, (_, at) => ({
  messages: [
    { role: 'user', content: `What is ${at}?` },
    { role: 'assistant', content: `It is the number ${at}.` },
  ],
}));
const pairs = Array.from({ length: 200 }, (_, at) => ({
  input: { messages: [{ role: 'user', content: `What is ${at}?` }] },
  preferred_output: [{ role: 'assistant', content: `It is the number ${at}.` }],
  non_preferred_output: [{ role: 'assistant', content: 'No idea.' }],
}));

let api: TestApi;
let caller: Caller;
let client: OpenAI;
let file: string;
beforeAll(async () => {
  api = await startTestApi();
  caller = await callerWith(api);
  client = new OpenAI({ baseURL: `${api.url}/v1`, apiKey: caller.secret, maxRetries: 0 });
  await api.stores.baseModels.insert(aBaseModel());
  file = await upload(rows);
});
afterAll(() => api.close());

async function upload(lines: readonly object[]): Promise<string> {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const sent = await client.files.create({ file: await toFile(Buffer.from(text), 'rows.jsonl'), purpose: 'fine-tune' });
  return (await client.files.waitForProcessing(sent.id)).id;
}

type Body = OpenAI.FineTuning.Jobs.JobCreateParams;
const create = (more: Partial<Body> = {}) =>
  client.fineTuning.jobs.create({ model: 'agon/tiny', training_file: file, ...more });

async function refusalOf(request: Promise<unknown>) {
  const error = await request.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error(`No refusal: ${String(error)}`);
  return { status: error.status, code: error.code, param: error.param };
}

describe('creating', () => {
  test('a supervised job is a job for chat, with what our metadata says', async () => {
    const metadata = { agon_minutes: '2.5', agon_seats: '4', agon_goal: '0.5', team: 'blue' };
    const job = await create({ suffix: 'support', seed: 7, metadata });
    expect(job).toMatchObject({
      object: 'fine_tuning.job',
      status: 'validating_files',
      model: 'agon/tiny',
      fine_tuned_model: null,
      training_file: file,
      validation_file: null,
      result_files: [],
      seed: 7,
      metadata,
      method: { type: 'supervised' },
    });
    const native = (await caller.get(`/v1/jobs/${job.id}`).expect(200)).body;
    expect(native).toMatchObject({
      task: 'chat',
      suffix: 'support',
      budget: { minutes: 2.5, seats: 4 },
      objective: { metric: 'loss', goal: 0.5 },
    });
  });

  test('dpo takes OpenAI’s own form of preferences', async () => {
    const training_file = await upload(pairs);
    const job = await create({ training_file, method: { type: 'dpo', dpo: { hyperparameters: { beta: 0.2 } } } });
    expect(job.method).toEqual({ type: 'dpo', dpo: { hyperparameters: { beta: 0.2 } } });
    expect(job.hyperparameters).toMatchObject({ n_epochs: 'auto' });
    expect((await caller.get(`/v1/jobs/${job.id}`).expect(200)).body.task).toBe('preference');
  });

  test('a request that is sent again is the same job', async () => {
    const body = { suffix: 'again' };
    expect((await create(body)).id).toBe((await create(body)).id);
    const key = { headers: { 'idempotency-key': 'one' } };
    const params = { model: 'agon/tiny', training_file: file };
    const first = await client.fineTuning.jobs.create(params, key);
    expect((await client.fineTuning.jobs.create(params, key)).id).toBe(first.id);
  });

  test('what is taken and does nothing is said in the log', async () => {
    const job = await create({
      validation_file: file,
      method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 3 } } },
    });
    expect(job.validation_file).toBe(file);
    const events = await client.fineTuning.jobs.listEvents(job.id);
    const warnings = events.data.filter(({ level }) => level === 'warn').map(({ message }) => message);
    expect(warnings).toHaveLength(2);
    expect(warnings.join(' ')).toMatch(/Hyperparameters.*validation file/s);
  });

  test.each<[string, Partial<Body>, { code: string; param: string }]>([
    ['reinforcement', { method: { type: 'reinforcement' } }, { code: 'unsupported_parameter', param: 'method' }],
    ['a model of OpenAI’s', { model: 'gpt-4o-mini' }, { code: 'base_model_not_found', param: 'model' }],
    [
      'a word for a number',
      { metadata: { agon_seats: 'many' } },
      { code: 'invalid_request', param: 'metadata.agon_seats' },
    ],
    ['an unknown wish', { metadata: { agon_sets: '2' } }, { code: 'invalid_request', param: 'metadata.agon_sets' }],
    ['no such file', { training_file: 'file-00000000' }, { code: 'file_not_found', param: 'training_file' }],
  ])('%s is refused by name', async (_, body, refusal) => {
    const refused = await refusalOf(create(body));
    expect(refused).toMatchObject(refusal);
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.status).toBeLessThan(500);
  });
});

describe('reading', () => {
  test('lists pages by the last id, and by metadata', async () => {
    const made = [];
    for (const at of ['1', '2', '3']) made.push((await create({ metadata: { 'my.list': at } })).id);
    const seen: string[] = [];
    for await (const job of client.fineTuning.jobs.list({ limit: 2 })) seen.push(job.id);
    expect(seen.slice(0, 3)).toEqual(made.toReversed());
    const picked = await client.fineTuning.jobs.list({ metadata: { 'my.list': '2' } });
    expect(picked.data.map(({ id }) => id)).toEqual([made[1]]);
    const bare = await client.fineTuning.jobs.list({ metadata: null, limit: 100 });
    expect(bare.data.every(({ metadata }) => Object.keys(metadata ?? {}).length === 0)).toBe(true);
  });

  test('events come newest first, page by page', async () => {
    const job = await create({ suffix: 'events' });
    for (const number of [1, 2, 3]) await api.stores.events.append(job.id, { type: 'x', message: `note ${number}` });
    const messages: string[] = [];
    for await (const event of client.fineTuning.jobs.listEvents(job.id, { limit: 2 })) messages.push(event.message);
    expect(messages.slice(0, 3)).toEqual(['note 3', 'note 2', 'note 1']);
  });

  test('jobs on tables, and those of others, are not there', async () => {
    const stranger = await callerWith(api);
    const job = await create({ suffix: 'mine' });
    await stranger.get(`/v1/fine_tuning/jobs/${job.id}`).expect(404);
  });
});

describe('steering', () => {
  test('cancel, pause and resume are posted without a body, and are never a conflict', async () => {
    const job = await create({ suffix: 'steered' });
    await api.stores.jobs.move({
      jobId: job.id,
      from: 'preparing',
      to: 'open',
      event: { type: 'job.opened', message: '' },
    });
    expect((await client.fineTuning.jobs.pause(job.id)).status).toBe('queued');
    expect((await client.fineTuning.jobs.resume(job.id)).status).toBe('queued');
    expect((await client.fineTuning.jobs.cancel(job.id)).status).toBe('cancelled');
    expect((await client.fineTuning.jobs.cancel(job.id)).status).toBe('cancelled');
    expect(await refusalOf(client.fineTuning.jobs.pause(job.id))).toMatchObject({
      status: 400,
      code: 'job_already_final',
    });
  });
});

describe('a winner', () => {
  test('has its ft: name everywhere: in the job, the list of models, alone, and as a checkpoint', async () => {
    const job = await create({ suffix: 'won' });
    const alias = `ft:agon/tiny:user:won:${job.id.slice(-8)}`;
    const run = aRun({
      id: api.newId('run'),
      jobId: job.id,
      progress: { step: 90 },
      curve: [
        [1.2, 5, 8],
        [9.7, 3.5, 90],
      ],
    });
    await api.stores.runs.insert(run, { type: 'run.leased', message: '' });
    const model = aModel({ id: api.newId('model'), accountId: caller.accountId, jobId: job.id, runId: run.id, alias });
    await api.stores.models.insert({ ...model, task: 'chat', baseModelId: 'agon/tiny@1' });
    await api.stores.jobs.update({ jobId: job.id, while: ['preparing'], set: { modelId: model.id } });
    expect((await client.fineTuning.jobs.retrieve(job.id)).fine_tuned_model).toBe(alias);
    const listed: string[] = [];
    for await (const each of client.models.list()) listed.push(each.id);
    expect(listed).toContain(alias);
    expect(listed).toContain('agon/tiny@1');
    expect((await client.models.retrieve(alias)).id).toBe(alias);
    expect(await client.models.retrieve('agon/tiny')).toMatchObject({ id: 'agon/tiny', owned_by: 'agon' });
    const checkpoints = await client.fineTuning.jobs.checkpoints.list(job.id);
    expect(checkpoints.data).toMatchObject([
      { fine_tuned_model_checkpoint: alias, step_number: 90, metrics: { step: 90, valid_loss: 3.5 } },
    ]);
    expect(await client.models.delete(alias)).toEqual({ id: alias, object: 'model', deleted: true });
    expect(await refusalOf(client.models.retrieve(alias))).toMatchObject({ status: 404, code: 'model_not_found' });
  });
});
