import { AppError } from '@agon/contracts';
import { fixedClock } from '@agon/testing';
import { uploadFiles } from '@huggingface/hub';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { header, lfsLine, rawClient, sha256Of } from '../testing/raw-client.ts';
import { hubUrl, jsonOf, someBytes, startTestHub, type TestHub } from '../testing/test-hub.ts';

const partBytes = 1_000;
const clock = fixedClock(Date.now());
let hub: TestHub;
let alice: Awaited<ReturnType<TestHub['account']>>;
let diskIsFull = false;

beforeAll(async () => {
  hub = await startTestHub({
    clock,
    adapt: ({ artifacts }) => ({
      partBytes,
      artifacts: {
        ...artifacts,
        put: (source, options) => {
          if (diskIsFull) return Promise.reject(new AppError('disk_full', 'The disk has no room left.'));
          return artifacts.put(source, options);
        },
      },
    }),
  });
  alice = await hub.account('alice');
});
afterAll(() => hub.close());

let repos = 0;
async function newRepo(account = alice, owner = 'alice') {
  repos += 1;
  const repo = rawClient(account.fetch, `${owner}/repo-${repos}`);
  expect((await repo.create()).status).toBe(200);
  return { ...repo, name: `${owner}/repo-${repos}` };
}
type Repo = Awaited<ReturnType<typeof newRepo>>;

/** Without a token: the address is enough. */
const put = (url: string, body: Buffer<ArrayBuffer>) => hub.stranger(url, { method: 'PUT', body });
const uploadOf = async (repo: Repo, content: Buffer, transfers?: string[]) =>
  (await repo.batch(content, transfers)).objects[0].actions?.upload;
const isStored = async (content: Buffer) => (await hub.artifacts.stat(sha256Of(content))) !== undefined;

describe('an upload in one piece', () => {
  test('needs no token, may be sent again, and can be committed', async () => {
    const repo = await newRepo();
    const content = someBytes(500, 1);
    const { href } = await uploadOf(repo, content);
    for (const _ of [1, 2]) expect((await put(href, content)).status).toBe(200);
    expect(await uploadOf(repo, content)).toBeUndefined();
    expect((await repo.commit(header() + lfsLine('m.bin', content))).status).toBe(200);
    const answer = await repo.get(`/${repo.name}/resolve/main/m.bin`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(content)).toBe(true);
    const pointer = await repo.get(`/${repo.name}/raw/main/m.bin`);
    expect(await pointer.text()).toContain(`oid sha256:${sha256Of(content)}\nsize 500\n`);
  });

  test('of other bytes than announced is refused, and nothing is stored', async () => {
    const repo = await newRepo();
    const [content, other] = [someBytes(600, 2), someBytes(600, 3)];
    const { href } = await uploadOf(repo, content);
    const answer = await put(href, other);
    expect({ status: answer.status, ...(await jsonOf(answer)) }).toMatchObject({
      ...{ status: 422, code: 'upload_hash_mismatch' },
    });
    expect(await isStored(other)).toBe(false);
    expect((await put(href, someBytes(599, 2))).status).toBe(422);
    expect((await put(href, someBytes(601, 2))).status).toBe(413);
    expect(await jsonOf(await repo.commit(header() + lfsLine('m.bin', content)))).toMatchObject({
      code: 'blob_not_uploaded',
    });
    expect((await put(href, content)).status).toBe(200);
  });

  test('onto a full disk is refused, and goes through when there is room', async () => {
    const repo = await newRepo();
    const content = someBytes(700, 4);
    const { href } = await uploadOf(repo, content);
    diskIsFull = true;
    const answer = await put(href, content).finally(() => {
      diskIsFull = false;
    });
    expect({ status: answer.status, ...(await jsonOf(answer)) }).toMatchObject({ status: 507, code: 'disk_full' });
    expect((await put(href, content)).status).toBe(200);
    expect((await repo.commit(header() + lfsLine('m.bin', content))).status).toBe(200);
  });

  test('ends after a day, and its address cannot be guessed', async () => {
    const repo = await newRepo();
    const content = someBytes(800, 5);
    const { href } = await uploadOf(repo, content);
    expect((await put(`${href.slice(0, -1)}_`, content)).status).toBe(404);
    clock.advance(25 * 60 * 60 * 1_000);
    expect([404, 410]).toContain((await put(href, content)).status);
  });
});

describe('an upload in parts', () => {
  test('takes parts in any order and again, and joins them', async () => {
    const repo = await newRepo();
    const content = someBytes(2_500, 6);
    const upload = await uploadOf(repo, content, ['basic', 'multipart']);
    expect(upload.header).toMatchObject({ chunk_size: '1000' });
    const part = (number: number) => content.subarray((number - 1) * partBytes, number * partBytes);
    const send = (number: number, bytes = part(number)) => put(upload.header[`0000${number}`], bytes);
    const complete = () =>
      hub.stranger(upload.href, { method: 'POST', body: JSON.stringify({ oid: sha256Of(content), parts: [] }) });

    expect((await send(3)).headers.get('etag')).toMatch(/^".+"$/);
    expect((await send(1, someBytes(1_000, 99))).status).toBe(200);
    expect((await send(1, part(1).subarray(0, 900))).status).toBe(400);
    expect(await jsonOf(await complete())).toMatchObject({ error: 'Part 2 of 3 is missing.' });
    await send(2);
    expect((await complete()).status).toBe(422);
    await send(1);
    expect((await complete()).status).toBe(200);
    expect((await repo.commit(header() + lfsLine('m.bin', content))).status).toBe(200);
    expect(await isStored(content)).toBe(true);
    expect((await complete()).status).toBe(404);
  });

  test('is what the client for Node does with a large file', async () => {
    const repo = await newRepo();
    const content = someBytes(5_300, 10);
    const files = [{ path: 'large.bin', content: new Blob([content]) }];
    await uploadFiles({ hubUrl, accessToken: 'hf_unused', fetch: alice.fetch, repo: repo.name, files });
    const answer = await repo.get(`/${repo.name}/resolve/main/large.bin`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(content)).toBe(true);
  });

  test('has no parts beyond its end', async () => {
    const upload = await uploadOf(await newRepo(), someBytes(2_500, 7), ['multipart']);
    expect((await put(`${upload.href}/4`, someBytes(1_000, 8))).status).toBe(400);
    expect((await put(`${upload.href}/0`, someBytes(1_000, 8))).status).toBe(400);
    expect((await put(upload.href, someBytes(2_500, 7))).status).toBe(400);
  });
});

describe('what a stranger has', () => {
  test('is not given away for its hash', async () => {
    const secret = someBytes(900, 9);
    const { href } = await uploadOf(await newRepo(), secret);
    await put(href, secret);
    const bob = await newRepo(await hub.account('bob'), 'bob');
    expect(await uploadOf(bob, secret)).toMatchObject({ href: expect.any(String) });
    expect(await jsonOf(await bob.commit(header() + lfsLine('stolen.bin', secret)))).toMatchObject({
      code: 'blob_not_uploaded',
    });
  });
});
