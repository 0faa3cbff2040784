import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, callerWith, jsonOf, startTestApi, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let caller: Caller;
beforeAll(async () => {
  api = await startTestApi();
  caller = await callerWith(api);
});
afterAll(() => api.close());

const call = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${api.url}/hub${path}`, { ...init, headers });

test.each(['', 'hf_'])('a key is a token, with "%s" before it', async (mark) => {
  const answer = await call('/api/whoami-v2', { authorization: `Bearer ${mark}${caller.secret}` });
  expect(await jsonOf(answer)).toMatchObject({ type: 'user', id: caller.accountId });
});

test('a wrong token is told from a repo that is not there', async () => {
  const answer = await call('/api/models/a/b', { authorization: 'Bearer hf_agon_wrong_token' });
  expect(answer.status).toBe(401);
  expect(answer.headers.get('x-error-message')).toBe('Invalid credentials in Authorization header');
  const missing = await call('/api/models/a/b');
  expect([missing.status, missing.headers.get('x-error-code')]).toEqual([404, 'RepoNotFound']);
});

test('addresses in answers are those that the client used', async () => {
  const headers = { authorization: `Bearer hf_${caller.secret}` };
  const made = await call('/api/repos/create', headers, { method: 'POST', body: JSON.stringify({ name: 'rows' }) });
  expect((await jsonOf(made)).url).toMatch(`${api.url}/hub/`);
});

test('a key that may only read does not write', async () => {
  const reader = await callerWith(api, { scopes: ['jobs:read'] });
  const headers = { authorization: `Bearer hf_${reader.secret}` };
  const answer = await call('/api/repos/create', headers, { method: 'POST', body: JSON.stringify({ name: 'rows' }) });
  expect({ status: answer.status, ...(await jsonOf(answer)) }).toMatchObject({ status: 403, code: 'missing_scope' });
});

test.each([
  ['a compressed body', { 'content-encoding': 'gzip' }, 415, 'unsupported_media_type'],
  ['a body that is no JSON', {}, 400, 'invalid_json'],
])('%s is refused', async (_, more, status, code) => {
  const headers = { authorization: `Bearer hf_${caller.secret}`, ...more };
  const answer = await call('/api/repos/create', headers, { method: 'POST', body: '{' });
  expect({ status: answer.status, ...(await jsonOf(answer)) }).toMatchObject({ status, code });
});
