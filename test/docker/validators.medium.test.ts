import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { repositoryFiles } from '../rules/repository.ts';
import { composeCommand, root, run } from './compose-project.ts';

const python = process.env.AGON_PYTHON ?? join(root, '.agon', 'python', 'bin', 'python');
const [compose, ...first] = composeCommand();
const hasCompose = first.length > 0 || existsSync(compose);
let secrets: string;

beforeAll(async () => {
  secrets = await mkdtemp(join(tmpdir(), 'agon-secrets-'));
  await run(process.execPath, ['tools/secrets.mjs', '--folder', secrets]);
});
afterAll(() => rm(secrets, { recursive: true, force: true }));

test('every Kubernetes manifest keeps the schema of its kind, without a field too many', async () => {
  const manifests = repositoryFiles(/^docker\/kubernetes\/base\/.*\.yaml$/).filter(
    (path) => !/kustomization/.test(path),
  );
  const program =
    'import kubernetes_validate as k, sys, yaml\nfor path in sys.argv[1:]:\n  for document in yaml.safe_load_all(open(path)):\n    k.validate(document, "1.37", strict=True)\n    print(document["kind"])';
  const kinds = (await run(python, ['-c', program, ...manifests])).split('\n');
  expect(new Set(kinds)).toEqual(
    new Set([
      ...['ConfigMap', 'Deployment', 'HorizontalPodAutoscaler', 'Job'],
      ...['Namespace', 'NetworkPolicy', 'PodDisruptionBudget', 'Service'],
    ]),
  );
  expect(kinds.length).toBeGreaterThan(12);
});

test('a manifest with a field too many is found', async () => {
  const program =
    'import kubernetes_validate as k\nk.validate({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"prots": []}}, "1.37", strict=True)';
  await expect(run(python, ['-c', program])).rejects.toThrow(/prots/);
});

describe.runIf(hasCompose)('compose itself', () => {
  const config = (...overrides: string[]): Promise<string> => {
    const files = ['compose.yaml', ...overrides].flatMap((name) => ['-f', `docker/${name}`]);
    const args = [...first, ...files, '--profile', 'miner', 'config', '--format', 'json'];
    return run(compose, args, { AGON_SECRETS: secrets });
  };

  test.each([[['compose.local.yaml']], [['compose.gpu.yaml']], [[]]])(
    'takes compose.yaml with %j',
    async (overrides) => {
      const { services } = JSON.parse(await config(...overrides)) as { services: Record<string, { image: string }> };
      expect(Object.keys(services)).toHaveLength(8);
    },
  );

  test('with the override, every image is one that is made here', async () => {
    const { services } = JSON.parse(await config('compose.local.yaml')) as {
      services: Record<string, { image: string }>;
    };
    expect(Object.values(services).filter(({ image }) => !/^agon-[a-z0-9-]+:latest$/.test(image))).toEqual([]);
  });
});
