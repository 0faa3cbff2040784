import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileLine, header, lfsLine, line, rawClient } from '../testing/raw-client.ts';
import { hubUrl, jsonOf, someBytes, startTestHub, type TestHub } from '../testing/test-hub.ts';

let hub: TestHub;
let alice: Awaited<ReturnType<TestHub['account']>>;
beforeAll(async () => {
  hub = await startTestHub();
  alice = await hub.account('alice');
});
afterAll(() => hub.close());

let repos = 0;
async function newRepo() {
  repos += 1;
  const repo = rawClient(alice.fetch, `alice/repo-${repos}`);
  expect((await repo.create()).status).toBe(200);
  return repo;
}

describe('a commit', () => {
  test('on a stale parent is refused, and on the head it is made', async () => {
    const repo = await newRepo();
    const first = await repo.head();
    await repo.commit(header() + fileLine('a', '1'));
    const stale = await repo.commit(header({ parentCommit: first }) + fileLine('b', '2'));
    expect(stale.status).toBe(412);
    expect(await jsonOf(stale)).toMatchObject({ code: 'commit_conflict', error: expect.any(String) });
    const good = await repo.commit(header({ parentCommit: await repo.head() }) + fileLine('b', '2'));
    expect((await jsonOf(good)).commitOid).toBe(await repo.head());
    expect(await repo.files()).toEqual(['a', 'b']);
    expect(await repo.files(first)).toEqual([]);
  });

  test('beside others loses nothing: each goes on from the one before', async () => {
    const repo = await newRepo();
    const names = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(names.map((name) => repo.commit(header() + fileLine(name, name))));
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
    expect(await repo.files()).toEqual(names);
  });

  test('that changes nothing is the head', async () => {
    const repo = await newRepo();
    await repo.commit(header() + fileLine('a', '1'));
    const head = await repo.head();
    expect((await jsonOf(await repo.commit(header() + fileLine('a', '1')))).commitOid).toBe(head);
  });

  test.each([
    ['a path above', fileLine('../x', 'x'), 'repo_path_invalid', 400],
    ['an empty name in a path', fileLine('a//b', 'x'), 'repo_path_invalid', 400],
    ['a path of git', fileLine('.git/config', 'x'), 'repo_path_invalid', 400],
    ['names that differ by case', fileLine('README.md', 'x') + fileLine('readme.md', 'y'), 'repo_path_invalid', 400],
    ['a file as a folder', fileLine('a', 'x') + fileLine('a/b', 'y'), 'repo_path_invalid', 400],
    ['bytes that nobody sent', lfsLine('m.bin', someBytes(10, 77)), 'blob_not_uploaded', 400],
    ['a deletion of nothing', line('deletedFile', { path: 'none' }), 'entry_not_found', 404],
  ])('with %s is refused whole', async (_, operations, code, status) => {
    const repo = await newRepo();
    const before = await repo.head();
    const answer = await repo.commit(header() + fileLine('good.txt', 'good') + operations);
    expect({ status: answer.status, ...(await jsonOf(answer)) }).toMatchObject({ status, code });
    expect(await repo.head()).toBe(before);
    expect(await repo.files()).toEqual([]);
  });

  test.each([
    ['no header', fileLine('a', '1'), 'commit_invalid'],
    ['nothing', '', 'commit_invalid'],
    ['half a line', `${header()}{"key":"file"`, 'commit_invalid'],
  ])('with %s is refused', async (_, body, code) => {
    const answer = await (await newRepo()).commit(body);
    expect({ status: answer.status, ...(await jsonOf(answer)) }).toMatchObject({ status: 400, code });
  });

  test('goes to a branch, never to a tag', async () => {
    const repo = await newRepo();
    const name = `alice/repo-${repos}`;
    await repo.post(`/api/models/${name}/tag/main`, JSON.stringify({ tag: 'v1' }));
    expect((await repo.commit(header() + fileLine('a', '1'), 'v1')).status).toBe(404);
    expect((await repo.commit(header() + fileLine('a', '1'), 'none')).status).toBe(404);
    const pull = await repo.commit(header() + fileLine('a', '1'), 'main?create_pr=1');
    expect(await jsonOf(pull)).toMatchObject({ code: 'hub_unsupported' });
  });

  test('whose body breaks off changes nothing', async () => {
    const repo = await newRepo();
    async function* broken() {
      yield Buffer.from(header() + fileLine('a', '1'));
      throw new Error('The connection ended.');
    }
    expect((await repo.commit(ReadableStream.from(broken()))).status).toBe(500);
    expect(await repo.files()).toEqual([]);
  });

  test('holds ten thousand files, which are listed page by page', async () => {
    const repo = await newRepo();
    const paths = Array.from({ length: 10_000 }, (_, index) => `part-${index % 100}/file-${index}.txt`);
    function* body() {
      yield Buffer.from(header());
      for (const path of paths) yield Buffer.from(fileLine(path, path));
    }
    expect((await repo.commit(ReadableStream.from(body()))).status).toBe(200);
    const found: string[] = [];
    let next: string | undefined = `${hubUrl}/api/models/alice/repo-${repos}/tree/main?recursive=true`;
    let pages = 0;
    for (; next !== undefined && pages < 20; pages += 1) {
      const answer: Response = await alice.fetch(next);
      for (const item of await jsonOf(answer)) if (item.type === 'file') found.push(item.path);
      next = /<(.+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    expect(pages).toBe(11);
    expect(found.sort()).toEqual(paths.toSorted());
    const one = await repo.get(`/alice/repo-${repos}/resolve/main/part-7/file-9907.txt`);
    expect(await one.text()).toBe('part-7/file-9907.txt');
  }, 240_000);
});
