import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CreateJob, modelIdOfJob } from '@agon/contracts';
import { createSealer, type Sealer } from '@agon/kit';
import { aModel, aPush } from '@agon/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, callerWith, startTestApi, type TestApi, uploadFile } from '../testing/test-api.ts';
import { createPushDesk, type PushDesk } from './push-desk.ts';

const sealer: Sealer = createSealer(new Uint8Array(32).fill(1));
const token = 'hf_of_the_client_0123456789';
let hub: Server;
let hubUrl: string;
let api: TestApi;
let caller: Caller;
let file: string;
let desk: PushDesk;

beforeAll(async () => {
  hub = createServer((request, response) => {
    response.statusCode = request.headers.authorization === `Bearer ${token}` ? 200 : 401;
    response.end('{}');
  });
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  hubUrl = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
  desk = createPushDesk({ hubUrl, hasToken: false, sealer });
  const pushDesk = new Proxy({} as PushDesk, { get: (_, name) => Reflect.get(desk, name) });
  api = await startTestApi({ adapt: () => ({ pushDesk }) });
  caller = await callerWith(api);
  file = await uploadFile(caller);
});
afterAll(async () => {
  await api.close();
  hub.close();
});

let unique = 0;
function create(publish: Partial<CreateJob['publish']>) {
  unique += 1;
  return caller
    .post('/v1/jobs')
    .send({ training_file: file, target: 'y', publish, metadata: { test: String(unique) } });
}

describe('a job that names a repo', () => {
  test('shows the push from the beginning, and the token nowhere', async () => {
    const { body: job } = await create({ repo: 'someone/rows', token }).expect(200);
    expect(job.publish).toEqual({ repo: 'someone/rows', private: true, merged: false, onnx: true });
    expect(job.pushes).toMatchObject([
      { object: 'push', where: 'hub', repo: 'someone/rows', private: true, status: 'pending', attempts: 0 },
    ]);
    const kept = { job: await api.stores.jobs.find(job.id), read: (await caller.get(`/v1/jobs/${job.id}`)).body };
    expect(JSON.stringify([job, kept])).not.toContain(token);
    const [push] = await api.stores.pushes.listByModels([modelIdOfJob(job.id)]);
    expect(push?.token).not.toContain(token);
    expect(sealer.open(push?.token ?? '', push?.id ?? '')).toBe(token);
    expect((await caller.get('/v1/jobs')).body.data[0].pushes).toHaveLength(1);
  });

  test('and is cancelled forgets the token', async () => {
    const { body: job } = await create({ repo: 'someone/cancelled', token }).expect(200);
    const cancelled = (await caller.post(`/v1/jobs/${job.id}/cancel`).expect(200)).body;
    expect(cancelled.pushes).toMatchObject([{ status: 'failed', message: expect.stringContaining('cancelled') }]);
    const [push] = await api.stores.pushes.listByModels([modelIdOfJob(job.id)]);
    expect(push?.token).toBeNull();
  });

  test.each([
    ['a token that the hub refuses', { repo: 'a/b', token: 'hf_wrong_wrong' }, 'hub_token_refused', 'publish.token'],
    ['no token where the service has none', { repo: 'a/b' }, 'hub_token_missing', 'publish.token'],
    ['a token without a repo', { token }, 'invalid_request', 'publish.repo'],
    ['a token of another kind', { repo: 'a/b', token: 'sk-123456789' }, 'invalid_request', 'publish.token'],
    ['a repo without its owner', { repo: 'rows', token }, 'invalid_request', 'publish.repo'],
    ['a repo that hubs do not take', { repo: 'a/b--c', token }, 'invalid_request', 'publish.repo'],
    ['a repo that leaves its place', { repo: 'a/../b', token }, 'invalid_request', 'publish.repo'],
    ['merged weights of a table', { merged: true }, 'publish_unsuitable', 'publish.merged'],
  ] as const)('%s is refused with its code and field', async (_, publish, code, param) => {
    const { body } = await create(publish).expect(400);
    expect(body.error).toMatchObject({ code, param });
    expect(body.error.help).not.toBe('');
    expect(JSON.stringify(body)).not.toContain(token);
  });

  test('is refused where the operator has switched pushes off, or gave no key to keep tokens', async () => {
    const before = desk;
    desk = { ...before, hubUrl: null };
    expect((await create({ repo: 'a/b', token }).expect(400)).body.error.code).toBe('hub_pushes_off');
    desk = { ...before, sealer: null };
    expect((await create({ repo: 'a/b', token }).expect(400)).body.error.code).toBe('tokens_not_kept');
    desk = before;
  });

  test('is taken while the hub is away: the push waits for it', async () => {
    const before = desk;
    desk = createPushDesk({ hubUrl: 'http://127.0.0.1:1', hasToken: false, sealer });
    await create({ repo: 'a/away', token }).expect(200);
    desk = before;
  });
});

describe('publishing a model again', () => {
  async function model() {
    const made = aModel({ id: api.newId('model'), accountId: caller.accountId });
    await api.stores.models.insert(made);
    return made;
  }

  test('asks the queue for a push, which the model shows', async () => {
    const { id } = await model();
    const body = { repo: 'someone/again', private: false, token };
    const { body: push } = await caller.post(`/v1/models/${id}/publish`).send(body).expect(200);
    expect(push).toMatchObject({ object: 'push', repo: 'someone/again', private: false, status: 'pending' });
    expect(api.queue.ofQueue('job.push').at(-1)?.payload).toEqual({ pushId: push.id });
    expect((await caller.get(`/v1/models/${id}`)).body).toMatchObject({ repo: null, pushes: [push] });
    const again = (await caller.post(`/v1/models/${id}/publish`).send(body).expect(200)).body;
    expect(again.id).toBe(push.id);
  });

  test('waits while the same push is under way, and has a bound', async () => {
    const { id } = await model();
    const ask = (repo: string) => caller.post(`/v1/models/${id}/publish`).send({ repo, token });
    const { body: push } = await ask('someone/busy').expect(200);
    const now = new Date(api.clock.nowMs());
    await api.stores.pushes.claim({ pushId: push.id, now, silentSince: now });
    expect((await ask('someone/busy').expect(409)).body.error.code).toBe('push_under_way');
    for (let number = 0; number < 20; number += 1) {
      await api.stores.pushes.insert(aPush({ id: api.newId('push'), modelId: id, repo: `someone/${number}` }));
    }
    expect((await ask('someone/one-more').expect(400)).body.error.code).toBe('too_many_pushes');
  });

  test('is nobody’s but its owner’s', async () => {
    const { id } = await model();
    const stranger = await callerWith(api);
    await stranger.post(`/v1/models/${id}/publish`).send({ repo: 'a/b', token }).expect(404);
    const reader = await callerWith(api, { scopes: ['jobs:read'], accountId: caller.accountId });
    await reader.post(`/v1/models/${id}/publish`).send({ repo: 'a/b', token }).expect(403);
  });

  test('a deleted model takes its pushes along', async () => {
    const { id } = await model();
    const { body: push } = await caller.post(`/v1/models/${id}/publish`).send({ repo: 'a/gone', token }).expect(200);
    await caller.delete(`/v1/models/${id}`).expect(200);
    expect(await api.stores.pushes.find(push.id)).toBeUndefined();
  });
});
