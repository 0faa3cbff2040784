import { connect } from 'node:net';
import { ErrorEnvelope, limits } from '@agon/contracts';
import type { Log } from '@agon/kit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from './routes.ts';
import { openRace } from './testing/open-race.ts';
import { type Caller, callerWith, startTestApi, type TestApi, uploadFile } from './testing/test-api.ts';
import { testMiner } from './testing/test-miner.ts';

let api: TestApi;
let caller: Caller;
const faults: unknown[] = [];
const log = {
  info: () => undefined,
  debug: () => undefined,
  warn: () => undefined,
  error: (fault: unknown) => faults.push(fault),
  child: () => log,
} as unknown as Log;

beforeAll(async () => {
  api = await startTestApi({ log });
  caller = await callerWith(api, { scopes: ['jobs:read', 'jobs:write', 'admin'] });
});
afterAll(() => api.close());

type Sent = { method: string; target: string; headers?: Record<string, string>; body?: string };

/** Sends a request and expects an answer below 500, in the envelope where it is a refusal. */
async function sendBadly({ method, target, headers = {}, body }: Sent): Promise<{ status: number; code: string }> {
  const response = await fetch(api.url + target, {
    method,
    headers: { authorization: caller.authorization, ...headers },
    ...(body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body }),
    signal: AbortSignal.timeout(5_000),
  });
  const text = await response.text();
  expect(response.status, `${method} ${target} ${body}: ${text} ${JSON.stringify(faults)}`).toBeLessThan(500);
  expect(response.headers.get('x-request-id')).toMatch(/^[\w.-]{8,64}$/);
  if (response.status < 400 || method === 'HEAD') return { status: response.status, code: 'none' };
  return { status: response.status, code: ErrorEnvelope.parse(JSON.parse(text)).error.code };
}

const json = { 'content-type': 'application/json' };

describe('bad requests', () => {
  test.each<[string, Sent, number, string]>([
    ['an unknown route', { method: 'GET', target: '/v1/nothing' }, 404, 'unknown_route'],
    ['an unknown method', { method: 'PUT', target: '/v1/jobs' }, 405, 'method_not_allowed'],
    ['a body that is no JSON', { method: 'POST', target: '/v1/jobs', headers: json, body: '{' }, 400, 'invalid_json'],
    ['a form', { method: 'POST', target: '/v1/jobs', body: 'a=1' }, 415, 'unsupported_media_type'],
    ['no body', { method: 'POST', target: '/v1/jobs' }, 400, 'invalid_request'],
    ['null', { method: 'POST', target: '/v1/jobs', headers: json, body: 'null' }, 400, 'invalid_request'],
    ['a list', { method: 'POST', target: '/v1/jobs', headers: json, body: '[]' }, 400, 'invalid_request'],
    [
      'a compressed body',
      { method: 'POST', target: '/v1/jobs', headers: { ...json, 'content-encoding': 'gzip' }, body: '{}' },
      415,
      'unsupported_media_type',
    ],
    [
      'a body that is too large',
      { method: 'POST', target: '/v1/jobs', headers: json, body: ' '.repeat(limits.jsonBodyBytesMax + 1) },
      413,
      'body_too_large',
    ],
    ['a limit of 0', { method: 'GET', target: '/v1/jobs?limit=0' }, 400, 'invalid_request'],
    ['a limit that is no number', { method: 'GET', target: '/v1/jobs?limit=many' }, 400, 'invalid_request'],
    ['a limit given twice', { method: 'GET', target: '/v1/jobs?limit=1&limit=2' }, 400, 'invalid_request'],
    ['an id of another kind', { method: 'GET', target: '/v1/jobs/file-00000000' }, 404, 'job_not_found'],
    ['an id with a path in it', { method: 'GET', target: '/v1/files/..%2f..%2fetc%2fpasswd' }, 404, 'file_not_found'],
    ['an id with a NUL', { method: 'GET', target: '/v1/models/model_%00000000' }, 404, 'model_not_found'],
    ['a path that is no UTF-8', { method: 'GET', target: '/v1/jobs/%E0%A4%A' }, 400, 'invalid_request'],
    ['an id that is very long', { method: 'GET', target: `/v1/jobs/job_${'a'.repeat(4_000)}` }, 404, 'job_not_found'],
    [
      'an Idempotency-Key that is too long',
      { method: 'POST', target: '/v1/jobs', headers: { ...json, 'idempotency-key': 'x'.repeat(300) }, body: '{}' },
      400,
      'invalid_request',
    ],
  ])('%s is refused in the envelope', async (_, sent, status, code) => {
    expect(await sendBadly(sent)).toEqual({ status, code });
  });

  test('metadata with the names that databases and prototypes give a meaning comes back as it was sent', async () => {
    const training_file = await uploadFile(caller);
    const metadata = { 'a.b': '1', $set: '2', 'nul\0': '3', constructor: '4', 'ümlaut %24': '5', toString: '6' };
    const { body } = await caller.post('/v1/jobs').send({ training_file, target: 'y', metadata }).expect(200);
    expect(body.metadata).toEqual(metadata);
    expect((await caller.get(`/v1/jobs/${body.id}`)).body.metadata).toEqual(metadata);
  });

  test('bytes that are no HTTP, and headers that are too large, do not disturb others', async () => {
    const { port, hostname } = new URL(api.url);
    for (const text of ['GARBAGE\r\n\r\n', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`]) {
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket.on('error', () => undefined).resume();
      await new Promise((resolve) => socket.once('close', resolve));
    }
    await caller.get('/v1/jobs').expect(200);
  });

  test('whatever is sent to whichever route, no answer is a fault of the service', async () => {
    const training_file = await uploadFile(caller);
    const job = await openRace(api, { accountId: caller.accountId });
    const ids = [job.id, training_file, 'job_00000000', 'x', '%00', '..', 'a%2fb', "'; drop", '$ne', '{"$gt":""}'];
    const values = fc.oneof(
      fc.constantFrom(
        training_file,
        'y',
        '',
        '\0',
        '\ud800',
        '__proto__',
        '$where',
        '../..',
        'NaN',
        Number.POSITIVE_INFINITY,
        -1,
        2 ** 53,
      ),
      fc.jsonValue({ maxDepth: 3 }),
    );
    const bodies = fc.oneof(
      fc.string({ maxLength: 50 }),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc
        .dictionary(
          fc.constantFrom('training_file', 'target', 'budget', 'metadata', 'name', 'rows', '__proto__'),
          values,
        )
        .map((value) => JSON.stringify(value)),
      fc.constantFrom('[[[[', '{"__proto__":{"target":"y"}}', `${'['.repeat(50_000)}`, '{"a":1e999}', '"\\ud800"'),
    );
    const queries = fc.constantFrom('', '?limit=-1', '?after=$ne', '?after[$gt]=', '?limit=1e9', '?%', '?after=%00');
    const types = fc.constantFrom(
      'application/json',
      'text/plain',
      'multipart/form-data',
      'multipart/form-data; boundary=',
    );
    const routed = routes.filter((route) => route.method !== 'options' && route.auth !== 'miner');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...routed),
        fc.constantFrom(...ids),
        queries,
        bodies,
        types,
        async (route, id, query, body, type) => {
          if (route.operationId === 'listJobEvents' && query === '') return;
          const target = route.path.replace(/[:*][a-z_]+/g, id) + query;
          await sendBadly({ method: route.method.toUpperCase(), target, headers: { 'content-type': type }, body });
        },
      ),
      { numRuns: 600 },
    );
    expect(faults).toEqual([]);
  }, 120_000);

  test('whatever a registered miner sends, no answer is a fault of the service', async () => {
    const miner = testMiner(api);
    await miner.register();
    await openRace(api, { seats: 1 });
    const lease = await miner.lease(5);
    const numbers = fc.constantFrom(1, 0, -1, 1.5, 2 ** 60, 1e308);
    const progress = fc.record(
      {
        step: numbers,
        loss: numbers,
        message: fc.string(),
        metrics: fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('a.b', '$set', '__proto__', 'x\0')), numbers),
      },
      { requiredKeys: ['step'] },
    );
    const files = fc.array(
      fc.record({ path: fc.constantFrom('a', 'A', 'a/b', '../a', '', '\0'), bytes: numbers, sha256: fc.string() }),
    );
    const body = fc.record(
      { fence: fc.constantFrom(1, 2, -1, 1.5), progress, log_tail: fc.string(), template: fc.string(), files },
      { requiredKeys: [] },
    );
    const action = fc.constantFrom('heartbeat', 'submission', 'finish');
    await fc.assert(
      fc.asyncProperty(action, fc.oneof(body, fc.jsonValue()), async (act, sent) => {
        const answer = await miner.post(`/v1/miner/runs/${lease.body.run}/${act}`, sent);
        expect(answer.status, `${act} ${JSON.stringify(sent)} ${JSON.stringify(answer.body)}`).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
    expect(faults).toEqual([]);
  }, 120_000);
});
