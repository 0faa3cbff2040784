import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readText, repositoryFiles } from '../rules/repository.ts';

type Container = {
  image: string;
  securityContext: unknown;
  resources: { requests: object; limits: object };
  volumeMounts: { mountPath: string }[];
} & Record<'startupProbe' | 'livenessProbe' | 'readinessProbe', { httpGet: { path: string } } | undefined>;
type Pod = {
  securityContext: Record<string, unknown>;
  automountServiceAccountToken: boolean;
  containers: Container[];
  volumes: { name: string; secret?: { items: { key: string }[] } }[];
};
type Manifest = {
  kind: string;
  metadata: { name: string };
  spec: {
    template: { spec: Pod };
    scaleTargetRef?: { name: string };
    selector?: { matchLabels: Record<string, string> };
  };
};

const base = 'docker/kubernetes/base/';
const manifests: Manifest[] = repositoryFiles(/^docker\/kubernetes\/base\/.*\.yaml$/)
  .filter((path) => !path.endsWith('kustomization.yaml'))
  .flatMap((path) => parseAllDocuments(readText(path)).map((document) => document.toJS()));
const named = (kind: string): string[] =>
  manifests.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
const pods = manifests.flatMap(({ spec }) => (spec?.template ? [spec.template.spec] : []));

test('the services that keep no state are there, and each may lose one pod at a time only', () => {
  expect(named('Deployment')).toEqual(['api', 'evaluator', 'scheduler']);
  expect(named('PodDisruptionBudget')).toEqual(['api', 'evaluator', 'scheduler']);
  expect(named('HorizontalPodAutoscaler')).toEqual(['api', 'evaluator']);
  expect(named('NetworkPolicy')).toHaveLength(3);
});

test('every pod keeps the restricted pod security standard', () => {
  for (const pod of pods) {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 10_001,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    for (const container of pod.containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources.limits).toHaveProperty('memory');
      expect(container.resources.requests).toHaveProperty('cpu');
    }
  }
});

test('alive is asked of the process and ready of what it reaches', () => {
  for (const { spec } of deployments) {
    for (const container of spec.template.spec.containers) {
      expect(container.livenessProbe?.httpGet.path).toBe('/healthz');
      expect(container.startupProbe?.httpGet.path).toBe('/healthz');
      expect(container.readinessProbe?.httpGet.path).toBe('/readyz');
    }
  }
});

test('a pod is given the secrets that its service reads and no other', () => {
  const keysOf = (name: string): string[] =>
    deployments
      .filter(({ metadata }) => metadata.name === name)
      .flatMap(({ spec }) => spec.template.spec.volumes.flatMap(({ secret }) => secret?.items ?? []))
      .map(({ key }) => key);
  expect(keysOf('api')).not.toContain('signing_key');
  expect(keysOf('evaluator')).toEqual(['mongodb_url', 'redis_url', 's3_access_key', 's3_secret_key']);
  expect(keysOf('scheduler')).toContain('signing_key');
});

test('kustomize lists every manifest, and every image that a manifest names', () => {
  const listed = readText(`${base}kustomization.yaml`);
  const files = repositoryFiles(/^docker\/kubernetes\/base\/(?!kustomization).*\.yaml$/);
  expect(files.filter((path) => !listed.includes(`- ${path.replace(base, '')}\n`))).toEqual([]);
  const images = new Set(pods.flatMap(({ containers }) => containers.map(({ image }) => image)));
  expect([...images].filter((image) => !listed.includes(`{ name: ${image},`))).toEqual([]);
});

test('the settings that manifests give exist', () => {
  const known = readText('.env.example');
  const given = repositoryFiles(/^docker\/(kubernetes\/.*|compose.*)\.yaml$/).flatMap((path) =>
    [...readText(path).matchAll(/(?:name: |^ {2,6})([A-Z][A-Z0-9_]+)(?:,|:)/gm)].map(([, name = '']) => name),
  );
  const ours = [...new Set(given)].filter(
    (name) => !/^(MONGO_INITDB|MINIO|BASE_IMAGE|BUILD_IMAGE|VERSION|COMMIT|ALL)/.test(name),
  );
  const setting = (name: string): boolean =>
    known.includes(`\n${name}=`) || known.includes(`\n${name.replace(/_FILE$/, '')}=`);
  expect(ours.length).toBeGreaterThan(15);
  expect(ours.filter((name) => !setting(name))).toEqual([]);
});
