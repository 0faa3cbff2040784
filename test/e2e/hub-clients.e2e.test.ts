import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runPython } from './harness/python.ts';
import { startService, type TestService } from './harness/service.ts';

let service: TestService;
let tokens: { alice: string; bob: string };
beforeAll(async () => {
  service = await startService();
  const [alice, bob] = await Promise.all(['alice', 'bob'].map((name) => service.client.keys.create({ name })));
  tokens = { alice: `hf_${alice?.secret}`, bob: `hf_${bob?.secret}` };
});
afterAll(() => service?.stop());

const environment = async (token: string): Promise<Record<string, string>> => {
  const home = join(service.folder, 'huggingface');
  await mkdir(home, { recursive: true });
  return { HF_ENDPOINT: `${service.stack.url}/hub`, HF_TOKEN: token, HF_HOME: home, HF_HUB_DISABLE_TELEMETRY: '1' };
};

test('huggingface_hub for Python does all that people do with it', async () => {
  const folder = join(service.folder, 'python');
  const found = JSON.parse(await runPython(['hub_client.py', folder, tokens.bob], await environment(tokens.alice)));
  const files = ['README.md', 'config.json', 'empty.txt', 'model.safetensors', 'onnx/model.onnx'];
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
    missing: {
      repo: 'RepositoryNotFoundError',
      revision: 'RevisionNotFoundError',
      file: 'RemoteEntryNotFoundError',
      folder: 'RemoteEntryNotFoundError',
    },
    private_for_stranger: [...Array.from({ length: 3 }, () => 'RepositoryNotFoundError'), []],
    private_for_nobody: [...Array.from({ length: 3 }, () => 'RepositoryNotFoundError'), []],
    bad_token: 401,
    dataset: ['a,b\n', ['alice/rows']],
    deleted: 'RepositoryNotFoundError',
  });
});
