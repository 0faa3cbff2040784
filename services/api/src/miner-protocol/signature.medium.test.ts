import { fixedClock } from '@agon/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonOf, startTestApi, type TestApi } from '../testing/test-api.ts';
import { testMiner } from '../testing/test-miner.ts';

const clock = fixedClock(Date.UTC(2026, 5, 1));
let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ clock });
});
afterAll(() => api.close());

const nowSeconds = (): number => clock.nowMs() / 1000;
const codeOf = (answer: { body: Record<string, unknown> }): string =>
  (answer.body.error as { code: string } | undefined)?.code ?? 'none';

/** Sends a request with headers that were made for it or for another. */
async function sendWith(
  headers: Record<string, string>,
  request: { method: string; target: string; body?: string },
): Promise<{ status: number; code: string; challenge: string | null }> {
  const response = await fetch(api.url + request.target, {
    method: request.method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(request.body === undefined ? {} : { body: request.body }),
  });
  const code = response.ok ? 'none' : (await jsonOf(response)).error.code;
  return { status: response.status, code, challenge: response.headers.get('www-authenticate') };
}

describe('signatures of miners', () => {
  test('a miner registers by a request signed with the key that it registers', async () => {
    const miner = testMiner(api, 'ada');
    const first = await miner.register();
    expect(first).toMatchObject({ status: 200, body: { object: 'miner.registration', name: 'ada' } });
    expect((await miner.register()).body).toEqual(first.body);
    expect((await miner.get('/v1/miner/runs')).body).toMatchObject({ object: 'list', data: [] });
  });

  test("nobody registers another's key", async () => {
    const [miner, thief] = [testMiner(api), testMiner(api)];
    const answer = await thief.post('/v1/miner/register', miner.registration());
    expect([answer.status, codeOf(answer)]).toEqual([401, 'invalid_signature']);
  });

  test('a key that is not registered is told so', async () => {
    const answer = await testMiner(api).get('/v1/miner/runs');
    expect([answer.status, codeOf(answer)]).toEqual([401, 'miner_not_registered']);
  });

  test('a banned miner is refused everywhere', async () => {
    const miner = testMiner(api);
    await api.stores.miners.register({
      id: api.newId('miner'),
      publicKey: miner.key.publicKey,
      name: 'mallory',
      capabilities: miner.registration().capabilities,
      createdAt: clock.date(),
      lastSeenAt: clock.date(),
      bannedAt: clock.date(),
    });
    for (const answer of [await miner.get('/v1/miner/runs'), await miner.register(), await miner.lease(0)]) {
      expect([answer.status, codeOf(answer)]).toEqual([403, 'miner_banned']);
    }
  });

  test('the same request sent again is refused', async () => {
    const miner = testMiner(api);
    await miner.register();
    const request = { method: 'GET', target: '/v1/miner/runs' };
    const headers = miner.sign(request.method, request.target, '');
    expect((await sendWith(headers, request)).status).toBe(200);
    expect(await sendWith(headers, request)).toMatchObject({ status: 401, code: 'replayed_request' });
  });

  test('of ten copies sent at once one is served', async () => {
    const miner = testMiner(api);
    await miner.register();
    const request = { method: 'GET', target: '/v1/miner/runs' };
    const headers = miner.sign(request.method, request.target, '');
    const answers = await Promise.all(Array.from({ length: 10 }, () => sendWith(headers, request)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  });

  test('a nonce is spent for as long as its signature could be accepted', async () => {
    const miner = testMiner(api);
    await miner.register();
    const request = { method: 'GET', target: '/v1/miner/runs' };
    const headers = miner.sign(request.method, request.target, '', { createdSeconds: nowSeconds() + 60 });
    expect((await sendWith(headers, request)).status).toBe(200);
    clock.advance(119_000);
    expect((await sendWith(headers, request)).code).toBe('replayed_request');
    clock.advance(2_000);
    expect((await sendWith(headers, request)).code).toBe('invalid_signature');
  });

  test.each([
    ['60 s early', 60, 200],
    ['60 s late', -60, 200],
    ['61 s early', 61, 401],
    ['61 s late', -61, 401],
  ])('a request signed %s is answered %i → %i', async (_, seconds, status) => {
    const miner = testMiner(api);
    await miner.register();
    const request = { method: 'GET', target: '/v1/miner/runs' };
    const headers = miner.sign('GET', request.target, '', { createdSeconds: nowSeconds() + seconds });
    expect((await sendWith(headers, request)).status).toBe(status);
  });

  const lease = JSON.stringify({ capabilities: testMiner({ url: '' }).registration().capabilities, wait_seconds: 0 });
  test.each([
    ['another body', { body: lease.replace('"cpus":2', '"cpus":9') }],
    ['white space in the body', { body: `${lease} ` }],
    ['another path', { target: '/v1/miner/register' }],
    ['an added query', { target: '/v1/miner/leases?limit=1' }],
    ['another method', { method: 'PUT' }],
  ])('a signature does not hold for %s', async (_, change) => {
    const miner = testMiner(api);
    await miner.register();
    const request = { method: 'POST', target: '/v1/miner/leases', body: lease };
    const headers = miner.sign(request.method, request.target, lease);
    const tampered = await sendWith(headers, { ...request, ...change });
    expect([401, 405]).toContain(tampered.status);
    expect((await sendWith(headers, request)).status).toBe(204);
  });

  test.each([
    ['no headers', {}],
    ['another form', { 'signature-input': 'sig1=("@method");created=1', signature: 'sig1=:AA==:' }],
    ['a signature of zeros', { signature: `agon=:${'A'.repeat(86)}==:` }],
    ['another digest', { 'content-digest': 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:' }],
  ])('%s is refused with a challenge', async (_, change) => {
    const miner = testMiner(api);
    await miner.register();
    const full = miner.sign('POST', '/v1/miner/leases', lease);
    const headers = Object.keys(change).length === 0 ? {} : { ...full, ...change };
    const answer = await sendWith(headers, { method: 'POST', target: '/v1/miner/leases', body: lease });
    expect(answer).toEqual({ status: 401, code: 'invalid_signature', challenge: 'Signature realm="agon"' });
  });

  test("a stranger's signature does not use up a nonce", async () => {
    const miner = testMiner(api);
    const request = { method: 'GET', target: '/v1/miner/runs' };
    const headers = miner.sign('GET', request.target, '');
    expect((await sendWith(headers, request)).code).toBe('miner_not_registered');
    await miner.register();
    expect((await sendWith(headers, request)).status).toBe(200);
  });
});
