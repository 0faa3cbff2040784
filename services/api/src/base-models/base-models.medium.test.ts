import { createHash } from 'node:crypto';
import { aBaseModel, aJob, anEvent, tinyModel } from '@agon/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf, leaseRun } from '../testing/lease-run.ts';
import { type Caller, callerWith, startTestApi, type TestApi } from '../testing/test-api.ts';
import { testMiner } from '../testing/test-miner.ts';

let api: TestApi;
let admin: Caller;
beforeAll(async () => {
  api = await startTestApi();
  admin = await callerWith(api, { scopes: ['jobs:read', 'jobs:write', 'admin'] });
});
afterAll(() => api.close());

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function upload(files: ReadonlyMap<string, Buffer>, caller = admin): Promise<{ path: string; file: string }[]> {
  const sent = [];
  for (const [path, bytes] of files) {
    const request = caller.post('/v1/files').field('purpose', 'base-model');
    const answer = await request.attach('file', bytes, path).expect(200);
    sent.push({ path, file: answer.body.id as string });
  }
  return sent;
}

async function importModel(name: string, files = tinyModel(), revision?: string) {
  return admin.post('/v1/base_models').send({ name, revision, files: await upload(files) });
}

describe('importing', () => {
  test('a model in the layout of Hugging Face is read, and only what jobs need is kept', async () => {
    const files = tinyModel('causal', { 'train_log.txt': 'noise', 'onnx.bin': 'noise' });
    const made = await importModel('org/whole', files);
    expect(made.status).toBe(200);
    expect(made.body).toMatchObject({
      id: `org/whole@${made.body.revision}`,
      object: 'base_model',
      source: 'imported',
      facts: { architecture: 'LlamaForCausalLM', kind: 'causal', layers: 2, has_chat_template: true },
    });
    expect(made.body.facts.license).toBe('apache-2.0');
    const paths = made.body.files.map((file: { path: string }) => file.path);
    expect(paths).toEqual(['README.md', 'config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']);
    const read = await admin.get(`/v1/base_models/${made.body.id}`).expect(200);
    expect(read.body).toEqual(made.body);
    expect((await admin.get('/v1/base_models/org/whole').expect(200)).body.id).toBe(made.body.id);
    expect((await admin.get('/v1/base_models').expect(200)).body.data).toContainEqual(made.body);
  });

  test('the files outlive the uploads that they came by', async () => {
    const files = await upload(tinyModel('encoder', { NOTICE: 'outlives' }));
    const made = await admin.post('/v1/base_models').send({ name: 'org/outlives', files }).expect(200);
    for (const { file } of files) await admin.delete(`/v1/files/${file}`).expect(200);
    for (const { sha256: hash } of made.body.files) expect(await api.artifacts.stat(hash)).toBeDefined();
  });

  test('the same files again are the same base model, whatever order they come in', async () => {
    const first = await importModel('org/again');
    const second = await importModel('org/again', new Map([...tinyModel()].reverse()));
    expect(second.body).toEqual(first.body);
  });

  test('a revision is not written over', async () => {
    await importModel('org/fixed', tinyModel(), 'v1');
    const other = await importModel('org/fixed', tinyModel('causal', { NOTICE: 'changed' }), 'v1');
    expect([other.status, codeOf(other)]).toEqual([400, 'base_model_exists']);
  });

  test('a model that is not whole is refused with what is missing', async () => {
    const refused = await importModel('org/half', tinyModel('causal', { 'tokenizer.json': null }));
    expect([refused.status, codeOf(refused)]).toEqual([400, 'base_model_invalid']);
    expect(refused.body.error.message).toContain('tokenizer.json');
  });

  test('a key without the scope admin imports, uploads and deletes nothing', async () => {
    const client = await callerWith(api);
    const upload = client.post('/v1/files').field('purpose', 'base-model').attach('file', Buffer.from('x'), 'x');
    expect([(await upload).status, codeOf(await upload)]).toEqual([403, 'missing_scope']);
    const body = { name: 'org/other', files: [{ path: 'config.json', file: 'file-00000001' }] };
    await client.post('/v1/base_models').send(body).expect(403);
    await client.delete('/v1/base_models/org/whole').expect(403);
    await client.get('/v1/base_models').expect(200);
  });

  test.each([
    [{ name: 'noorg', files: [] }],
    [{ name: 'org/../x', files: [{ path: 'config.json', file: 'file-00000001' }] }],
    [{ name: 'org/x', files: [{ path: '../config.json', file: 'file-00000001' }] }],
    [{ name: 'org/x', revision: ' ', files: [{ path: 'config.json', file: 'file-00000001' }] }],
  ])('%j is refused', async (body) => {
    expect(codeOf(await admin.post('/v1/base_models').send(body))).toBe('invalid_request');
  });
});

describe('deleting', () => {
  test('a base model goes with its files', async () => {
    const made = await importModel('org/gone', tinyModel('causal', { NOTICE: 'gone' }));
    const files = (await admin.get('/v1/files?purpose=base-model&limit=100').expect(200)).body.data;
    for (const { id } of files) await admin.delete(`/v1/files/${id}`).expect(200);
    await admin.delete(`/v1/base_models/${made.body.id}`).expect(200);
    await admin.get(`/v1/base_models/${made.body.id}`).expect(404);
    const notice = made.body.files.find((file: { path: string }) => file.path === 'NOTICE');
    expect(await api.artifacts.stat(notice.sha256)).toBeUndefined();
  });

  test('a base model that a job starts from stays until the job has ended', async () => {
    const model = aBaseModel({ id: 'org/used@1', name: 'org/used' });
    await api.stores.baseModels.insert(model);
    const baseModel = { id: model.id, name: model.name, revision: model.revision, why: null };
    const job = aJob({ id: api.newId('job'), task: 'chat', baseModel });
    await api.stores.jobs.insert(job, anEvent());
    expect(codeOf(await admin.delete(`/v1/base_models/${model.id}`))).toBe('base_model_in_use');
    await api.stores.jobs.move({ jobId: job.id, from: 'preparing', to: 'cancelled', event: anEvent() });
    await admin.delete(`/v1/base_models/${model.id}`).expect(200);
  });

  test.each(['org/none', 'org/none@1', 'x', '%2e%2e/x'])('%s is not found', async (id) => {
    expect(codeOf(await admin.delete(`/v1/base_models/${id}`))).toBe('base_model_not_found');
    expect(codeOf(await admin.get(`/v1/base_models/${id}`))).toBe('base_model_not_found');
  });
});

describe('the miner of a run', () => {
  async function leased() {
    const made = (await importModel('org/raced')).body;
    const { id, name, revision } = made;
    const text = { max_tokens: 128, lora_rank_max: 64 };
    const run = await leaseRun(api, { task: 'chat', table: null, text, baseModel: { id, name, revision, why: null } });
    return { made, ...run };
  }
  type LeasedFile = { path: string; url: string; sha256: string; bytes: number };
  const filesOf = (lease: { body: Record<string, unknown> }): LeasedFile[] =>
    (lease.body.job as { base_model: { files: LeasedFile[] } }).base_model.files;
  const get = (miner: ReturnType<typeof testMiner>, url: string, headers: Record<string, string> = {}) =>
    fetch(api.url + url, { headers: { ...miner.sign('GET', url, ''), ...headers } });

  test('gets every file of the base model by the addresses of its lease, whole and in ranges', async () => {
    const { made, lease, miner } = await leased();
    expect(lease.body.job).toMatchObject({ base_model: { name: 'org/raced', revision: made.revision } });
    expect(lease.body.data).toMatchObject([{ name: 'train.jsonl', format: 'jsonl' }]);
    const files = filesOf(lease);
    expect(files.map((file) => file.path)).toEqual(made.files.map((file: { path: string }) => file.path));
    for (const file of files) {
      const bytes = Buffer.from(await (await get(miner, file.url)).arrayBuffer());
      expect([bytes.length, sha256(bytes)]).toEqual([file.bytes, file.sha256]);
    }
    const weights = files.find((file) => file.path === 'model.safetensors') as LeasedFile;
    const part = await get(miner, weights.url, { range: 'bytes=4-7' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 4-7/${weights.bytes}`]);
  });

  test('gets nothing else, and strangers get nothing', async () => {
    const { lease, run, miner } = await leased();
    const [file] = filesOf(lease);
    for (const path of ['other.json', '..%2fconfig.json', 'config.json/x']) {
      const answer = await miner.get(`/v1/miner/runs/${run}/base_model/${path}`);
      expect(codeOf(answer)).toBe('base_model_not_found');
    }
    const stranger = testMiner(api, 'eve');
    await stranger.register();
    expect(codeOf(await stranger.get(file?.url ?? ''))).toBe('run_not_found');
    expect((await fetch(api.url + (file?.url ?? ''))).status).toBe(401);
  });

  test('gets nothing when its run has ended', async () => {
    const { lease, act, miner } = await leased();
    await act('fail', { class: 'user_code', message: 'no' });
    expect(codeOf(await miner.get(filesOf(lease)[0]?.url ?? ''))).toBe('run_not_accepting');
  });
});
