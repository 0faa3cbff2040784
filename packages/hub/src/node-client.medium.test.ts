import {
  commit,
  createBranch,
  createRepo,
  deleteFile,
  deleteRepo,
  downloadFile,
  fileExists,
  HubApiError,
  listCommits,
  listFiles,
  listModels,
  modelInfo,
  pathsInfo,
  repoExists,
  uploadFiles,
  whoAmI,
} from '@huggingface/hub';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hubUrl, someBytes, startTestHub, type TestHub } from './testing/test-hub.ts';

let hub: TestHub;
let alice: Awaited<ReturnType<TestHub['account']>>;
beforeAll(async () => {
  hub = await startTestHub();
  alice = await hub.account('alice');
});
afterAll(() => hub.close());

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};
const as = (fetch: typeof globalThis.fetch, repo = 'alice/rows') => ({
  ...{ hubUrl, accessToken: 'hf_unused', fetch, repo },
});

describe('the client for Node, as it is', () => {
  test('makes a repo, uploads, lists, downloads and deletes', async () => {
    const me = as(alice.fetch);
    expect(await whoAmI({ ...me })).toMatchObject({ type: 'user', name: 'alice' });
    const made = await createRepo({ ...me });
    expect(made).toEqual({ repoUrl: `${hubUrl}/alice/rows`, id: 'alice/rows' });
    await expect(createRepo({ ...me })).rejects.toMatchObject({ statusCode: 409 });
    const weights = someBytes(3_000_000);
    const done = await uploadFiles({
      ...me,
      files: [
        { path: 'README.md', content: new Blob(['---\nlicense: mit\n---\n# Rows\n']) },
        { path: 'onnx/model.onnx', content: new Blob([weights]) },
        { path: 'empty.txt', content: new Blob([]) },
      ],
      commitTitle: 'Add a model',
    });
    expect(done?.commit.oid).toMatch(/^[0-9a-f]{40}$/);
    const files = await collect(listFiles({ ...me, recursive: true, expand: true }));
    expect(files.map(({ path, type }) => `${type} ${path}`)).toEqual([
      'file README.md',
      'file empty.txt',
      'directory onnx',
      'file onnx/model.onnx',
    ]);
    expect(files[3]).toMatchObject({ size: 3_000_000, lfs: { size: 3_000_000 }, lastCommit: { title: 'Add a model' } });
    const blob = await downloadFile({ ...me, path: 'onnx/model.onnx' });
    expect(Buffer.from(await blob!.arrayBuffer()).equals(weights)).toBe(true);
    expect(await (await downloadFile({ ...me, path: 'empty.txt' }))?.text()).toBe('');
    expect(await downloadFile({ ...me, path: 'none.txt' })).toBeNull();
    expect(await fileExists({ ...me, path: 'README.md' })).toBe(true);
    expect(await fileExists({ ...me, path: 'README' })).toBe(false);
    expect(await modelInfo({ ...me, name: 'alice/rows' })).toMatchObject({ name: 'alice/rows', private: false });
    await deleteFile({ ...me, path: 'empty.txt' });
    expect(await pathsInfo({ ...me, paths: ['empty.txt', 'onnx'] })).toMatchObject([{ type: 'directory' }]);
    const titles = (await collect(listCommits({ ...me }))).map(({ title }) => title);
    expect(titles).toEqual(['Delete empty.txt', 'Add a model', 'initial commit']);
    await createBranch({ ...me, branch: 'try-one' });
    expect(await collect(listFiles({ ...me, revision: 'try-one' }))).toHaveLength(2);
    expect((await collect(listModels({ ...me, search: { owner: 'alice' } }))).map(({ name }) => name)).toEqual([
      'alice/rows',
    ]);
    await deleteRepo({ ...me });
    expect(await repoExists({ ...me })).toBe(false);
  });

  test('need not send what the account has', async () => {
    const me = as(alice.fetch, 'alice/twice');
    const content = new Blob([someBytes(2_000_000, 2)]);
    const methods: string[] = [];
    const counting: typeof fetch = (input, init) => {
      methods.push(init?.method ?? 'GET');
      return alice.fetch(input, init);
    };
    for (const repo of ['alice/twice', 'alice/again']) {
      await createRepo({ ...me, repo });
      const operations = [{ operation: 'addOrUpdate', path: 'model.safetensors', content } as const];
      await commit({ ...me, repo, fetch: counting, title: 'Add', operations });
    }
    expect(methods.filter((method) => method === 'PUT')).toHaveLength(1);
  });

  test('must send what only a stranger has', async () => {
    const bob = await hub.account('bob');
    const content = new Blob([someBytes(2_000_000, 3)]);
    let puts = 0;
    const count =
      (fetch: typeof globalThis.fetch): typeof globalThis.fetch =>
      (input, init) => {
        if (init?.method === 'PUT') puts += 1;
        return fetch(input, init);
      };
    for (const [repo, { fetch }] of [['alice/mine', alice] as const, ['bob/mine', bob] as const]) {
      await createRepo(as(fetch, repo));
      await uploadFiles({ ...as(count(fetch), repo), files: [{ path: 'm.bin', content }] });
    }
    expect(puts).toBe(2);
  });

  test('reads nothing of a private repo of another', async () => {
    const bob = await hub.account('bobby');
    await createRepo({ ...as(alice.fetch, 'alice/secret'), private: true });
    const stranger = as(bob.fetch, 'alice/secret');
    await expect(collect(listFiles(stranger))).rejects.toMatchObject({ statusCode: 404 });
    expect(await repoExists(stranger)).toBe(false);
    await expect(deleteRepo(stranger)).rejects.toThrow(HubApiError);
    expect(await repoExists(as(alice.fetch, 'alice/secret'))).toBe(true);
  });
});
