import { createHash } from 'node:crypto';
import { AppError } from '@agon/contracts';
import { OnnxRejection } from '@agon/onnx';
import type { ModelRecord } from '@agon/store';
import { aHeldBlob, aModel, aPush, aRepo, aTable } from '@agon/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AppDeps } from '../deps.ts';
import { bytes } from '../testing/open-race.ts';
import { type Caller, callerWith, startTestApi, type TestApi } from '../testing/test-api.ts';

type Asked = Parameters<AppDeps['predict']>[0];

let api: TestApi;
let caller: Caller;
let asked: Asked[] = [];
let answer: () => ReturnType<AppDeps['predict']>;
beforeAll(async () => {
  api = await startTestApi({
    adapt: () => ({
      predict: (input) => {
        asked.push(input);
        return answer();
      },
    }),
  });
  caller = await callerWith(api);
});
afterAll(() => api.close());
beforeEach(() => {
  asked = [];
});

/** A published model with two files. */
async function publish(overrides: Partial<ModelRecord> = {}): Promise<ModelRecord> {
  const id = api.newId('model');
  const onnx = await api.artifacts.put(bytes(`onnx ${id}`));
  const card = await api.artifacts.put(bytes('# A model'));
  const files = [
    { path: 'model.onnx', ...onnx },
    { path: 'docs/README.md', ...card },
  ];
  const model = aModel({ id, accountId: caller.accountId, files, ...overrides });
  await api.stores.models.insert(model);
  return model;
}

describe('models', () => {
  test('a model is listed, read, and its files are served by their paths', async () => {
    const model = await publish();
    expect((await caller.get('/v1/models').expect(200)).body.data).toMatchObject([{ id: model.id, object: 'model' }]);
    const read = (await caller.get(`/v1/models/${model.id}`).expect(200)).body;
    expect(read).toMatchObject({ id: model.id, owned_by: caller.accountId, task: 'tabular-classification' });
    const card = await caller.get(`/v1/models/${model.id}/files/docs/README.md`).expect(200);
    expect([card.text, card.headers['content-type']]).toEqual(['# A model', 'text/markdown; charset=utf-8']);
    const escaped = await caller.get(`/v1/models/${model.id}/files/docs%2FREADME.md`).expect(200);
    expect(escaped.text).toBe('# A model');
    const part = await caller.get(`/v1/models/${model.id}/files/model.onnx`).set('range', 'bytes=0-3').expect(206);
    expect(part.body.toString()).toBe('onnx');
    expect(part.headers.etag).toBe(`"${createHash('sha256').update(`onnx ${model.id}`).digest('hex')}"`);
    const head = await caller.head(`/v1/models/${model.id}/files/model.onnx`).expect(200);
    expect(head.headers['content-length']).toBe(String(`onnx ${model.id}`.length));
  });

  test.each(['other.bin', '../model.onnx', '%2e%2e%2fmodel.onnx', 'docs'])('no file is served at %s', async (path) => {
    const model = await publish();
    const response = await fetch(`${api.url}/v1/models/${model.id}/files/${path}`, {
      headers: { authorization: caller.authorization },
    });
    expect(response.status).toBe(404);
  });

  test("another account's model is not found by any route", async () => {
    const model = await publish();
    const stranger = await callerWith(api);
    const paths = ['', '/files/model.onnx'];
    for (const path of paths) await stranger.get(`/v1/models/${model.id}${path}`).expect(404);
    await stranger
      .post(`/v1/models/${model.id}/predict`)
      .send({ rows: [{}] })
      .expect(404);
    await stranger.delete(`/v1/models/${model.id}`).expect(404);
    await caller.get(`/v1/models/${model.id}`).expect(200);
  });

  test('a deleted model goes with the bytes that nothing else refers to', async () => {
    const [model, other] = [await publish(), await publish()];
    const deleted = await caller.delete(`/v1/models/${model.id}`).expect(200);
    expect(deleted.body).toEqual({ id: model.id, object: 'model', deleted: true });
    expect(await api.artifacts.stat(model.files[0]?.sha256 ?? '')).toBeUndefined();
    expect(await api.artifacts.stat(other.files[1]?.sha256 ?? '')).toBeDefined();
  });

  test("a deleted model goes with its repos in the registry, and nobody else's", async () => {
    const { hub, pushes } = api.stores;
    const model = await publish();
    const { sha256 = '', bytes: size = 0 } = model.files[0] ?? {};
    const merged = { path: 'merged/config.json', ...(await api.artifacts.put(bytes('{}'))) };
    const other = await publish({ files: [...model.files, merged] });
    const { accountId } = caller;
    const names = ['first', 'first-merged', 'second', 'second-merged', 'third', 'elsewhere'];
    const owner = (name: string): string => (name === 'third' ? 'acct_of_another' : accountId);
    for (const name of names) {
      await hub.repos.insert(aRepo({ id: `repo_${name}`, namespace: 'org', name, accountId: owner(name) }));
    }
    await hub.blobs.hold([aHeldBlob({ repoId: 'repo_first', accountId, sha256, bytes: size })]);
    const push = (modelId: string, repo: string, where: 'registry' | 'hub') =>
      pushes.insert(aPush({ id: `push_${modelId}_${repo}`, modelId, accountId, where, repo: `org/${repo}` }));
    await push(model.id, 'first', 'registry');
    await push(model.id, 'elsewhere', 'hub');
    await push(model.id, 'third', 'registry');
    await push(other.id, 'second', 'registry');
    const left = async () => {
      const found = names.map((name) => hub.repos.findByName({ type: 'model', namespace: 'org', name }));
      return (await Promise.all(found)).flatMap((repo) => (repo ? [repo.name] : []));
    };

    await caller.delete(`/v1/models/${model.id}`).expect(200);
    expect(await left()).toEqual(['first-merged', 'second', 'second-merged', 'third', 'elsewhere']);
    expect(await api.artifacts.stat(sha256)).toBeDefined();
    await caller.delete(`/v1/models/${other.id}`).expect(200);
    expect(await left()).toEqual(['first-merged', 'third', 'elsewhere']);
    expect(await api.artifacts.stat(sha256)).toBeUndefined();
  });
});

describe('predicting', () => {
  const twoRows = async () => ({
    probabilities: Float32Array.from([0.75, 0.25, 0.5, 0.5]),
    labels: Int32Array.from([0, 1]),
  });

  test('rows become columns; missing values are NaN and the empty string; the target is ignored', async () => {
    const model = await publish();
    answer = twoRows;
    const rows = [
      { x: '1.5', y: 'yes' },
      { 'colour of it': true, x: null },
    ];
    const { body } = await caller.post(`/v1/models/${model.id}/predict`).send({ rows }).expect(200);
    expect(asked[0]?.columns).toEqual([Float32Array.from([1.5, Number.NaN]), ['', 'true']]);
    expect(body).toEqual({
      object: 'list',
      model: model.id,
      data: [
        { label: 'no', probabilities: { no: 0.75, yes: 0.25 } },
        { label: 'yes', probabilities: { no: 0.5, yes: 0.5 } },
      ],
    });
  });

  test('a regression answers values', async () => {
    const table = aTable({ classes: null });
    const model = await publish({ task: 'tabular-regression', table });
    answer = async () => Float64Array.from([2.5]);
    const { body } = await caller
      .post(`/v1/models/${model.id}/predict`)
      .send({ rows: [{ x: 1 }] })
      .expect(200);
    expect(body.data).toEqual([{ value: 2.5 }]);
  });

  test.each([
    ['an unknown column', [{ x: 1, z: 2 }], /"z".*x, colour of it/],
    ['a word in a column of numbers', [{ x: 1 }, { x: 'one' }], /Row 2 has "one" in the column "x"/],
  ])('%s is refused by name', async (_, rows, message) => {
    const model = await publish();
    const { body } = await caller.post(`/v1/models/${model.id}/predict`).send({ rows }).expect(422);
    expect(body.error.code).toBe('prediction_failed');
    expect(body.error.message).toMatch(message);
    expect(asked).toEqual([]);
  });

  test('a model that fails is told as such, a busy one with a time to wait', async () => {
    const model = await publish();
    const ask = () => caller.post(`/v1/models/${model.id}/predict`).send({ rows: [{ x: 1 }] });
    answer = () => Promise.reject(new OnnxRejection('inference_failed', 'The model failed while it ran.'));
    expect((await ask().expect(422)).body.error.message).toBe('The model failed while it ran.');
    answer = () => Promise.reject(new AppError('rate_limited', 'Busy.', { retryAfterSeconds: 1 }));
    expect((await ask().expect(429)).headers['retry-after']).toBe('1');
  });
});
