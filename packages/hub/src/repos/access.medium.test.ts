import { aBaseModel } from '@agon/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileLine, header, rawClient, sha256Of } from '../testing/raw-client.ts';
import { hubUrl, jsonOf, startTestHub, type TestHub } from '../testing/test-hub.ts';
import { purgeRepo } from './purge-repo.ts';

let hub: TestHub;
let alice: Awaited<ReturnType<TestHub['account']>>;
let bob: Awaited<ReturnType<TestHub['account']>>;
beforeAll(async () => {
  hub = await startTestHub();
  alice = await hub.account('alice');
  bob = await hub.account('bob');
});
afterAll(() => hub.close());

/** All of an answer that a client can see, without what names the repo. */
async function seen(call: typeof fetch, method: string, path: string, repo: string) {
  const answer = await call(`${hubUrl}${path.replace('REPO', repo)}`, { method });
  const headers = Object.fromEntries(answer.headers);
  return JSON.parse(
    JSON.stringify({ status: answer.status, headers, body: await answer.text() }).replaceAll(repo, 'REPO'),
  );
}

describe('a private repo', () => {
  test.each([
    ['GET', '/api/models/REPO'],
    ['GET', '/api/models/REPO/revision/main'],
    ['GET', '/api/models/REPO/tree/main'],
    ['GET', '/api/models/REPO/refs'],
    ['GET', '/api/models/REPO/commits/main'],
    ['GET', '/api/models/REPO/auth-check'],
    ['GET', '/REPO/resolve/main/README.md'],
    ['HEAD', '/REPO/resolve/main/README.md'],
    ['GET', '/REPO/raw/main/README.md'],
    ['POST', '/api/models/REPO/commit/main'],
    ['POST', '/api/models/REPO/preupload/main'],
    ['POST', '/REPO.git/info/lfs/objects/batch'],
    ['PUT', '/api/models/REPO/settings'],
    ['POST', '/api/models/REPO/branch/b'],
    ['DELETE', '/api/models/REPO/tag/t'],
  ])('looks to others exactly like one that is not there: %s %s', async (method, path) => {
    const secret = rawClient(alice.fetch, 'alice/secret');
    await secret.create({ private: true, files: [{ path: 'README.md', content: 'secret' }] });
    for (const call of [bob.fetch, hub.stranger]) {
      const found = await seen(call, method, path, 'alice/secret');
      expect(found).toEqual(await seen(call, method, path, 'alice/absent'));
      expect(found).toMatchObject({ status: 404, headers: { 'x-error-code': 'RepoNotFound' } });
    }
    expect((await secret.get('/alice/secret/resolve/main/README.md')).status).toBe(200);
  });
});

describe('a public repo', () => {
  test('is read by everyone and written by its account', async () => {
    await rawClient(alice.fetch, 'alice/open').create();
    for (const [call, status] of [[bob.fetch, 403] as const, [hub.stranger, 401] as const]) {
      const repo = rawClient(call, 'alice/open');
      expect(await repo.files()).toEqual([]);
      expect((await repo.commit(header() + fileLine('a', '1'))).status).toBe(status);
      expect((await repo.post('/alice/open.git/info/lfs/objects/batch', '{}')).status).toBe(status);
      const body = JSON.stringify({ name: 'open', organization: 'alice' });
      expect((await call(`${hubUrl}/api/repos/delete`, { method: 'DELETE', body })).status).toBe(status);
    }
  });

  test('has a name that no other has, whatever the case', async () => {
    expect((await rawClient(alice.fetch, 'alice/Cased').create()).status).toBe(200);
    const answer = await rawClient(alice.fetch, 'alice/cased').create();
    expect(answer.status).toBe(409);
    expect(await jsonOf(answer)).toMatchObject({ code: 'repo_exists', url: `${hubUrl}/alice/cased` });
  });

  test.each([
    ['a namespace of another', { organization: 'bob' }, 403, 'repo_forbidden'],
    ['a bad name', { name: '../x' }, 400, 'repo_name_invalid'],
    ['a kind that is not kept', { type: 'space' }, 400, 'hub_unsupported'],
    ['a bad path', { files: [{ path: '../x', content: '' }] }, 400, 'repo_path_invalid'],
  ])('is not made with %s', async (_, more, status, code) => {
    const answer = await rawClient(alice.fetch, 'alice/new').create(more);
    expect({ status: answer.status, ...(await jsonOf(answer)) }).toMatchObject({ status, code });
    expect(await hub.stores.hub.repos.findByName({ type: 'model', namespace: 'alice', name: 'new' })).toBeUndefined();
  });
});

describe('files', () => {
  test('are served in ranges, and not again where they are known', async () => {
    const repo = rawClient(alice.fetch, 'alice/ranges');
    await repo.create({
      files: [
        { path: 'a.txt', content: '0123456789' },
        { path: 'empty', content: '' },
      ],
    });
    const get = (headers: Record<string, string>, path = 'a.txt') =>
      repo.get(`/alice/ranges/resolve/main/${path}`, headers);
    const whole = await get({});
    const etag = whole.headers.get('etag') ?? '';
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      ...{ 'content-length': '10', 'accept-ranges': 'bytes', 'x-repo-commit': await repo.head() },
    });
    const part = await get({ range: 'bytes=2-4' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234']);
    expect((await get({ 'if-none-match': etag })).status).toBe(304);
    expect((await get({ range: 'bytes=5-', 'if-range': '"other"' })).status).toBe(200);
    const beyond = await get({ range: 'bytes=10-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    const empty = await get({ range: 'bytes=0-0' }, 'empty');
    expect([empty.status, empty.headers.get('content-range')]).toEqual([200, 'bytes */0']);
  });
});

describe('a repo that is deleted', () => {
  test('lets go of its blobs; another repo keeps those that it has too', async () => {
    const [gone, kept] = ['alice/gone', 'alice/kept'].map((name) => rawClient(alice.fetch, name));
    const files = (own: string) => [
      { path: 'own.txt', content: own },
      { path: 'both.txt', content: 'of both' },
    ];
    await gone!.create({ files: files('only here') });
    await kept!.create({ files: files('only there') });
    const body = JSON.stringify({ name: 'gone', organization: 'alice' });
    expect((await alice.fetch(`${hubUrl}/api/repos/delete`, { method: 'DELETE', body })).status).toBe(200);
    const isReferenced = (text: string) => hub.stores.isReferenced(sha256Of(Buffer.from(text)));
    expect(await Promise.all(['only here', 'of both', 'only there'].map(isReferenced))).toEqual([false, true, true]);
    expect((await rawClient(alice.fetch, 'alice/gone').create()).status).toBe(200);
  });

  test('half way is deleted to its end', async () => {
    await rawClient(alice.fetch, 'alice/half').create({ files: [{ path: 'a', content: 'half way' }] });
    const repo = await hub.stores.hub.repos.findByName({ type: 'model', namespace: 'alice', name: 'half' });
    await hub.stores.hub.repos.markDeleted(repo!.id, new Date());
    expect(await hub.stores.isReferenced(sha256Of(Buffer.from('half way')))).toBe(true);
    for (const _ of [1, 2]) await purgeRepo(hub.stores, repo!.id);
    expect(await hub.stores.isReferenced(sha256Of(Buffer.from('half way')))).toBe(false);
    expect(await hub.stores.hub.repos.listDeleted(10)).toEqual([]);
  });
});

describe('base models', () => {
  test('are read like repos, and no repo can take their names', async () => {
    const content = Buffer.from('{"model_type":"tiny"}');
    async function* once() {
      yield content;
    }
    const blob = await hub.artifacts.put(once());
    const base = aBaseModel({
      id: 'alice/base@1',
      name: 'alice/base',
      revision: '1',
      files: [{ path: 'config.json', ...blob }],
    });
    await hub.stores.baseModels.insert(base);
    const repo = rawClient(hub.stranger, 'alice/base');
    expect(await repo.files()).toEqual(['config.json']);
    for (const revision of ['main', '1', await repo.head()]) {
      expect(await (await repo.get(`/alice/base/resolve/${revision}/config.json`)).text()).toBe(content.toString());
    }
    expect((await repo.get('/alice/base/resolve/2/config.json')).headers.get('x-error-code')).toBe('RevisionNotFound');
    expect((await rawClient(alice.fetch, 'alice/base').create()).status).toBe(409);
    expect((await rawClient(alice.fetch, 'alice/base').commit(header() + fileLine('a', '1'))).status).toBe(403);
    const listed = await jsonOf(await repo.get('/api/models?search=ce/base'));
    expect(listed.map(({ id }: { id: string }) => id)).toEqual(['alice/base']);
  });

  test('come after repos in a list that is read page by page', async () => {
    const carol = await hub.account('carol');
    for (const name of ['carol/one', 'carol/two']) await rawClient(carol.fetch, name).create();
    for (const name of ['carol/base-a', 'carol/base-b']) {
      for (const revision of ['1', '2']) {
        await hub.stores.baseModels.insert(aBaseModel({ id: `${name}@${revision}`, name, revision }));
      }
    }
    const found: string[] = [];
    let next: string | undefined = `${hubUrl}/api/models?author=carol&limit=1`;
    for (let page = 0; page < 10 && next !== undefined; page += 1) {
      const answer: Response = await hub.stranger(next);
      for (const { id } of await jsonOf(answer)) found.push(id);
      next = /<(.+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    expect(found).toEqual(['carol/two', 'carol/one', 'carol/base-a', 'carol/base-b']);
  });
});
