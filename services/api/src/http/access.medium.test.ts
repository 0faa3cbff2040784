import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertBootstrapKey } from '../keys/bootstrap-key.ts';
import { callerWith, jsonOf, startTestApi, type TestApi } from '../testing/test-api.ts';
import { testMiner } from '../testing/test-miner.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

describe('API keys', () => {
  test.each([
    ['no key', {}, 'missing_api_key', 'Bearer realm="agon"'],
    ['an unknown key', { authorization: 'Bearer agon_unknown' }, 'invalid_api_key', /^Bearer .*invalid_token/],
    ['another scheme', { authorization: 'Basic dXNlcjpwYXNz' }, 'invalid_api_key', /^Bearer/],
  ])('%s is refused with a challenge', async (_, headers, code, challenge) => {
    const response = await fetch(`${api.url}/v1/jobs`, { headers });
    expect(response.status).toBe(401);
    expect((await jsonOf(response)).error).toMatchObject({ code, type: 'authentication_error' });
    expect(response.headers.get('www-authenticate')).toMatch(challenge);
  });

  test('an administrator makes, lists and revokes keys; the key itself is shown once', async () => {
    const admin = await callerWith(api, { scopes: ['admin'] });
    const made = (await admin.post('/v1/keys').send({ name: 'ci' }).expect(200)).body;
    expect(made).toMatchObject({ object: 'key', name: 'ci', scopes: ['jobs:read', 'jobs:write'], revoked_at: null });
    const authorization = `Bearer ${made.secret}`;
    const asMade = () => fetch(`${api.url}/v1/jobs`, { headers: { authorization } });
    expect((await asMade()).status).toBe(200);
    const listed = (await admin.get('/v1/keys').expect(200)).body.data;
    expect(listed.map((key: { id: string }) => key.id)).toContain(made.id);
    expect(JSON.stringify(listed)).not.toContain(made.secret);
    expect(made.secret.startsWith(made.prefix)).toBe(true);
    const revoked = (await admin.delete(`/v1/keys/${made.id}`).expect(200)).body;
    expect(revoked.revoked_at).not.toBeNull();
    expect((await asMade()).status).toBe(401);
    expect((await admin.delete(`/v1/keys/${made.id}`).expect(200)).body).toEqual(revoked);
    expect((await admin.delete('/v1/keys/key_00000000').expect(404)).body.error.code).toBe('key_not_found');
  });

  test('a second key of an account sees what the first one made', async () => {
    const first = await callerWith(api);
    const second = await callerWith(api, { accountId: first.accountId });
    await first.post('/v1/files').attach('file', Buffer.from('a\n1'), 'a.csv').expect(200);
    expect((await second.get('/v1/files')).body.data).toHaveLength(1);
  });

  test('keys are for administrators', async () => {
    const caller = await callerWith(api);
    const refusals = [await caller.post('/v1/keys').send({ name: 'x' }), await caller.get('/v1/keys')];
    expect(refusals.map((answer) => answer.body.error.code)).toEqual(['missing_scope', 'missing_scope']);
  });

  test('the bootstrap key is one key of one account however often it is inserted', async () => {
    const secret = 'operators-own-key-0123456789';
    for (const seconds of [1, 2]) await insertBootstrapKey(api.stores, secret, new Date(seconds * 1000));
    const headers = { authorization: `Bearer ${secret}` };
    const keys = await jsonOf(await fetch(`${api.url}/v1/keys`, { headers }));
    const own = keys.data.filter((key: { name: string }) => key.name === 'bootstrap');
    expect(own).toMatchObject([{ created_at: 1, scopes: ['jobs:read', 'jobs:write', 'admin'] }]);
  });
});

describe('every answer', () => {
  test('has a request id, the one of the caller where it is harmless', async () => {
    const own = await fetch(`${api.url}/healthz`, { headers: { 'x-request-id': 'trace-0001.abc' } });
    expect(own.headers.get('x-request-id')).toBe('trace-0001.abc');
    const made = await fetch(`${api.url}/healthz`, { headers: { 'x-request-id': 'a b <script>' } });
    expect(made.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{24}$/);
  });

  test('a fault of the service says nothing of its cause', async () => {
    const broken = await startTestApi({
      adapt: ({ stores }) => ({
        stores: { ...stores, jobs: { ...stores.jobs, list: () => Promise.reject(new Error('password is hunter2')) } },
      }),
    });
    const caller = await callerWith(broken);
    const answer = await caller.get('/v1/jobs').expect(500);
    expect(answer.text).not.toContain('hunter2');
    expect(answer.body.error).toMatchObject({ code: 'internal', type: 'server_error', param: null });
    await broken.close();
  });

  test('the metrics name routes by their template', async () => {
    const caller = await callerWith(api);
    await caller.get('/v1/jobs/job_00000000').expect(404);
    const text = await (await fetch(`${api.url}/metrics`)).text();
    expect(text).toContain('agon_http_request_seconds_count{method="GET",route="/v1/jobs/:job_id",status="404"}');
    expect(text).not.toContain('job_00000000');
  });

  test('readiness follows the queue', async () => {
    expect((await fetch(`${api.url}/readyz`)).status).toBe(200);
    api.queue.away = true;
    const away = await fetch(`${api.url}/readyz`);
    api.queue.away = false;
    expect(away.status).toBe(503);
    expect((await jsonOf(away)).error).toMatchObject({ code: 'not_ready', message: 'Out of reach: queue.' });
  });
});

describe('limits of requests', () => {
  test('a key that asks too often waits as long as retry-after says; another key is not held up', async () => {
    const limited = await startTestApi({ settings: { requestsPerMinuteMax: 3 } });
    const [busy, calm] = [await callerWith(limited), await callerWith(limited)];
    for (let count = 0; count < 3; count += 1) await busy.get('/v1/jobs').expect(200);
    const refused = await busy.get('/v1/jobs').expect(429);
    expect(refused.body.error).toMatchObject({ code: 'rate_limited', type: 'rate_limit_error' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.headers.ratelimit).toMatch(/^"requests"; r=0; t=\d+$/);
    await calm.get('/v1/jobs').expect(200);
    const miner = testMiner(limited);
    await miner.register();
    for (let count = 0; count < 3; count += 1) await miner.get('/v1/miner/runs');
    expect((await miner.get('/v1/miner/runs')).status).toBe(429);
    await limited.close();
  });

  test('guessing keys is limited by address, whatever key is tried', async () => {
    const limited = await startTestApi({ settings: { requestsPerMinuteOfAddressMax: 5 } });
    const statuses: number[] = [];
    for (let count = 0; count < 7; count += 1) {
      const headers = { authorization: `Bearer agon_guess_${count}` };
      statuses.push((await fetch(`${limited.url}/v1/jobs`, { headers })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    await limited.close();
  });
});
