import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createRepo, deleteRepo, listFiles, repoExists, snapshotDownload, uploadFiles } from '@huggingface/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { breakingProxy } from './harness/breaking-proxy.ts';
import { pythonPath, runPython } from './harness/python.ts';
import { startService, type TestService } from './harness/service.ts';

const run = promisify(execFile);
const agon = fileURLToPath(new URL('../../agon', import.meta.url));
const tinyModel = fileURLToPath(new URL('../../models/agon-tiny', import.meta.url));

let service: TestService;
let tokens: { alice: string; bob: string };
beforeAll(async () => {
  service = await startService();
  const [alice, bob] = await Promise.all(['alice', 'bob'].map((name) => service.client.keys.create({ name })));
  tokens = { alice: `hf_${alice?.secret}`, bob: `hf_${bob?.secret}` };
});
afterAll(() => service?.stop());

/** What a person sets to use the registry; the cache is the test's own. */
async function environment(name: string, endpoint = service.stack.url): Promise<Record<string, string>> {
  const home = join(service.folder, 'huggingface', name);
  await mkdir(home, { recursive: true });
  return { HF_ENDPOINT: `${endpoint}/hub`, HF_TOKEN: tokens.alice, HF_HOME: home, HF_HUB_DISABLE_TELEMETRY: '1' };
}

/** The command line of huggingface_hub. */
async function hf(words: readonly string[], env: Record<string, string>): Promise<string> {
  const command = pythonPath().includes('/') ? join(dirname(pythonPath()), 'hf') : 'hf';
  const { stdout } = await run(command, [...words], { env: { PATH: process.env.PATH, ...env } });
  return stdout;
}

const someBytes = (megabytes: number): Buffer<ArrayBuffer> => {
  const bytes = Buffer.alloc(megabytes * 1_000_000);
  for (let at = 0; at < bytes.length; at += 4_096) bytes.writeUInt32LE(at, at);
  return bytes;
};

test('huggingface_hub for Python does all that people do with it', async () => {
  const folder = join(service.folder, 'python');
  const found = JSON.parse(await runPython(['hub_client.py', folder, tokens.bob], await environment('python')));
  const files = ['README.md', 'config.json', 'empty.txt', 'model.safetensors', 'onnx/model.onnx'];
  const notFound = Array.from({ length: 3 }, () => 'RepositoryNotFoundError');
  expect(found).toEqual({
    me: 'alice',
    url: ['alice/python', 'model'],
    again: [409, 'alice/python'],
    files,
    unchanged: true,
    same: true,
    commit: true,
    info: [true, false, 'text-generation', 5],
    paths: ['README.md', 'onnx'],
    tree: [...files, 'onnx'].sort(),
    listed: ['alice/python'],
    exists: [true, true, false],
    branch: ['README.md', 'a/b.txt', 'config.json', 'empty.txt', 'model.safetensors'],
    refs: [['main', 'try/one'], ['v1']],
    history: ['On a branch', 'Add a model', 'initial commit'],
    by_tag: '{"model_type": "tiny"}',
    stale: 412,
    pull_request: 400,
    bad_token: 401,
    missing: {
      repo: 'RepositoryNotFoundError',
      revision: 'RevisionNotFoundError',
      file: 'RemoteEntryNotFoundError',
      folder: 'RemoteEntryNotFoundError',
    },
    private_for_stranger: [...notFound, []],
    private_for_nobody: [...notFound, []],
    dataset: ['a,b\n', ['alice/rows']],
    deleted: 'RepositoryNotFoundError',
  });
});

test('the command `hf` uploads and downloads; without Xet by LFS', async () => {
  const env = { ...(await environment('hf')), HF_HUB_DISABLE_XET: '1' };
  const up = join(service.folder, 'hf-up');
  await mkdir(join(up, 'data'), { recursive: true });
  await writeFile(join(up, 'README.md'), '# By hand\n');
  await writeFile(join(up, 'data', 'big.bin'), someBytes(3));
  await hf(['upload', 'alice/by-hand', up, '.', '--commit-message', 'By hand'], env);
  const down = join(service.folder, 'hf-down');
  await hf(['download', 'alice/by-hand', '--local-dir', down], env);
  expect(await readFile(join(down, 'README.md'), 'utf8')).toBe('# By hand\n');
  expect((await readFile(join(down, 'data', 'big.bin'))).equals(someBytes(3))).toBe(true);
});

test('an upload and a download that break off go on', async () => {
  const up = join(service.folder, 'broken');
  await mkdir(up, { recursive: true });
  await writeFile(join(up, 'big.bin'), someBytes(400));
  // Above what a commit carries by itself, so that the bytes go by LFS.
  const cutUpload = await breakingProxy(service.stack.url, ({ method, url }) =>
    method === 'PUT' && url.startsWith('/hub/lfs/') ? { of: 'request', bytes: 20_000_000 } : undefined,
  );
  const lfs = { ...(await environment('broken-up', cutUpload.url)), HF_HUB_DISABLE_XET: '1' };
  await hf(['upload', 'alice/broken', up, '.'], lfs);
  expect(cutUpload.hasBroken()).toBe(true);
  cutUpload.close();
  const cutDownload = await breakingProxy(service.stack.url, ({ method, url }) =>
    method === 'GET' && url.includes('/resolve/') ? { of: 'response', bytes: 40_000_000 } : undefined,
  );
  const down = join(service.folder, 'broken-down');
  await hf(['download', 'alice/broken', 'big.bin', '--local-dir', down], await environment('down', cutDownload.url));
  cutDownload.close();
  const ranges = cutDownload.seen.filter(({ method, url }) => method === 'GET' && url.includes('/resolve/'));
  expect(ranges.length).toBeGreaterThan(1);
  expect(ranges.at(-1)?.range).toMatch(/^bytes=[1-9]\d*-/);
  expect((await readFile(join(down, 'big.bin'))).equals(someBytes(400))).toBe(true);
});

test('@huggingface/hub takes a snapshot over the wire', async () => {
  const hub = { hubUrl: `${service.stack.url}/hub`, accessToken: tokens.alice, repo: 'alice/node' };
  await createRepo({ ...hub, private: true });
  const files = ['a.txt', 'b/c.bin'].map((path) => ({ path, content: new Blob([someBytes(2)]) }));
  await uploadFiles({ ...hub, files });
  const folder = await snapshotDownload({ ...hub, cacheDir: join(service.folder, 'node-cache') });
  for (const { path } of files) expect((await readFile(join(folder, path))).equals(someBytes(2))).toBe(true);
  const stranger = listFiles({ ...hub, accessToken: tokens.bob });
  await expect(stranger.next()).rejects.toMatchObject({ statusCode: 404 });
  await deleteRepo(hub);
  expect(await repoExists(hub)).toBe(false);
});

test('transformers loads a base model by its name', async () => {
  await run(agon, ['models', 'import', tinyModel, '--name', 'agon/agon-tiny', '--url', service.stack.url], {
    env: { PATH: process.env.PATH, HOME: service.folder, AGON_API_KEY: service.stack.adminKey },
  });
  const env = await environment('transformers');
  const found = JSON.parse(await runPython(['hub_transformers.py', 'agon/agon-tiny'], env));
  expect(found.tokens).toBeGreaterThan(found.prompt);
});
