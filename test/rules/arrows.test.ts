import { expect, test } from 'vitest';
import { importsOf, readText, repositoryFiles } from './repository.ts';

/** Who may import whom (docs/architecture.md has the reasons). Tests may also use @agon/testing. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'packages/contracts': [],
  'packages/domain': ['contracts'],
  'packages/kit': ['contracts'],
  'packages/dataset': ['contracts', 'domain', 'kit'],
  'packages/store': ['contracts', 'kit'],
  'packages/model-graph': ['contracts', 'kit'],
  'packages/base-models': ['contracts', 'domain', 'kit', 'store', 'model-graph'],
  'packages/hub': ['contracts', 'kit', 'store'],
  'packages/queue': ['contracts', 'kit'],
  'packages/onnx': ['contracts', 'kit'],
  'packages/language': ['contracts', 'onnx', 'model-graph'],
  'packages/inference': ['contracts', 'onnx', 'model-graph', 'language', 'language/runtime'],
  'packages/embedded': ['contracts', 'kit'],
  'packages/client': ['contracts'],
  'packages/testing': ['contracts', 'kit', 'domain', 'store', 'queue', 'embedded', 'dataset', 'client', 'model-graph'],
  'services/api': [
    'contracts',
    'domain',
    'kit',
    'dataset',
    'store',
    'queue/producer',
    'onnx',
    'base-models',
    'inference',
    'hub',
  ],
  'services/scheduler': [
    'contracts',
    'domain',
    'kit',
    'dataset',
    'store',
    'queue',
    'queue/producer',
    'queue/worker',
    'base-models',
    'model-graph',
    'hub',
  ],
  'services/evaluator': [
    'contracts',
    'domain',
    'kit',
    'dataset',
    'store',
    'queue',
    'queue/producer',
    'queue/worker',
    'onnx',
    'language',
  ],
  'services/miner': ['contracts', 'client', 'kit'],
  cli: [
    'contracts',
    'client',
    'domain',
    'dataset',
    'kit',
    'embedded',
    'onnx',
    'miner',
    'base-models/folder',
    'language',
    'inference',
  ],
};

/** Libraries that belong to one place. */
const livesOnlyIn: Readonly<Record<string, readonly string[]>> = {
  express: ['services/api'],
  mongoose: ['packages/store'],
  '@aws-sdk': ['packages/store'],
  bullmq: ['packages/queue'],
  ioredis: ['packages/queue'],
  'onnxruntime-node': ['packages/onnx', 'packages/language', 'packages/inference'],
  dockerode: ['services/miner'],
  lmdb: ['packages/embedded'],
  mingo: ['packages/embedded'],
  commander: ['cli'],
};

const isTest = (path: string): boolean => /\.test\.ts$|\/testing\/|\/contract\/|\.setup\.ts$/.test(path);
const packageOf = (path: string): string => Object.keys(mayImport).find((name) => path.startsWith(`${name}/`)) ?? '';

function faultsOf(path: string): string[] {
  const home = packageOf(path);
  const allowed = mayImport[home] ?? [];
  return importsOf(readText(path)).flatMap((name) => {
    const ours = /^@agon\/(.+)$/.exec(name)?.[1];
    if (ours !== undefined)
      return allowed.includes(ours) || ours === home.split('/')[1] ? [] : [`${path} imports ${name}`];
    if (name.startsWith('.'))
      return /(^|\/)(packages|services|cli)\//.test(name) ? [`${path} reaches into ${name}`] : [];
    const homes = livesOnlyIn[name.split('/')[0] ?? ''];
    return homes === undefined || homes.includes(home) ? [] : [`${path} imports ${name}`];
  });
}

const sources = repositoryFiles(/^(packages|services|cli)\/.*\.ts$/).filter((path) => !isTest(path));

test('every import follows the table of arrows', () => {
  expect(sources.flatMap(faultsOf)).toEqual([]);
});

test('contracts and the client run in a browser: nothing of Node', () => {
  const browserSide = sources.filter((path) => /^packages\/(contracts|client)\//.test(path));
  const offenders = browserSide.filter((path) => importsOf(readText(path)).some((name) => name.startsWith('node:')));
  expect(offenders).toEqual([]);
});

test('the domain has no clock, no chance and no I/O', () => {
  const banned =
    /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|node:(fs|net|http|child_process|timers)/;
  const offenders = sources.filter((path) => path.startsWith('packages/domain/') && banned.test(readText(path)));
  expect(offenders).toEqual([]);
});

test('services take clock, ids and chance as arguments; only main.ts makes them', () => {
  const banned = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|(?<!\.)\brandomUUID\(|(?<!\.)\brandomBytes\(/;
  const offenders = sources.filter(
    (path) => path.startsWith('services/') && !path.endsWith('/main.ts') && banned.test(readText(path)),
  );
  expect(offenders).toEqual([]);
});

test('every package of ours is in the table', () => {
  const manifests = repositoryFiles(/^(packages\/[^/]+|services\/[^/]+|cli)\/package\.json$/);
  const names = manifests.map((path) => path.replace('/package.json', ''));
  expect(names.sort()).toEqual(Object.keys(mayImport).sort());
});

test('the page about the architecture has the same table', () => {
  const rows = readText('docs/architecture.md').matchAll(/^\| `([\w/-]+)` \| .* \| ([^|]*) \|$/gm);
  const written = new Map([...rows].map(([, home = '', names = '']) => [home, names === '–' ? [] : names.split(', ')]));
  for (const [home, names] of Object.entries(mayImport)) {
    const folders = [...new Set(names.map((name) => name.split('/')[0] ?? ''))];
    expect([home, written.get(home)?.toSorted()]).toEqual([home, folders.toSorted()]);
  }
});
