import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { readText } from '../rules/repository.ts';

type Service = {
  image: string;
  ports?: unknown[];
  build?: { target?: string };
  environment?: Record<string, string>;
  secrets?: string[];
  restart?: string;
  healthcheck?: { test?: unknown; disable?: boolean };
  networks?: string[];
  profiles?: string[];
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  deploy?: { resources: { limits: Record<string, unknown> } };
  depends_on?: Record<string, { condition: string }>;
};
type Compose = {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
};

const read = (name: string): Compose => parse(readText(`docker/${name}`), { merge: true });
const compose = read('compose.yaml');
const services = Object.entries(compose.services);
const runsOnce = ['storage'];
const names = (holds: (service: Service) => boolean): string[] =>
  services.filter(([, service]) => holds(service)).map(([name]) => name);

test('only the api is published, on this machine alone where nobody says otherwise', () => {
  expect(names(({ ports = [] }) => ports.length > 0)).toEqual(['api']);
  expect(compose.services.api?.ports).toEqual([expect.stringContaining('127.0.0.1:')]);
});

test('every service comes back, is watched and has limits', () => {
  const long = services.filter(([name]) => !runsOnce.includes(name));
  expect(long.filter(([, { restart }]) => restart !== 'unless-stopped')).toEqual([]);
  expect(long.filter(([, { healthcheck }]) => !healthcheck?.test)).toEqual([]);
  expect(names(({ deploy }) => !['cpus', 'memory', 'pids'].every((key) => deploy?.resources.limits[key]))).toEqual([]);
});

test('no service has more rights than it needs', () => {
  expect(names(({ read_only: readOnly }) => readOnly !== true)).toEqual([]);
  expect(names(({ cap_drop: dropped }) => String(dropped) !== 'ALL')).toEqual([]);
  expect(names(({ security_opt: options }) => !options?.includes('no-new-privileges:true'))).toEqual([]);
});

test('no secret is in an environment: each is a file that is declared and mounted', () => {
  const secretName = /PASSWORD|SECRET|TOKEN|KEY|MONGODB_URL|REDIS_URL/;
  const faults = services.flatMap(([name, { environment = {}, secrets = [] }]) =>
    Object.entries(environment).flatMap(([key, value]) => {
      if (!secretName.test(key)) return [];
      const mounted = secrets.some((secret) => value === `/run/secrets/${secret}`);
      return key.endsWith('_FILE') && mounted ? [] : [`${name}: ${key}`];
    }),
  );
  expect(faults).toEqual([]);
  const used = new Set(services.flatMap(([, { secrets = [] }]) => secrets));
  expect([...used].sort()).toEqual(Object.keys(compose.secrets).sort());
});

test('the stores of state are in a network without a way out, and the miner is not in it', () => {
  expect(compose.networks.backend?.internal).toBe(true);
  for (const name of ['mongo', 'redis', 's3', 'evaluator']) {
    expect(compose.services[name]?.networks).toEqual(['backend']);
  }
  expect(compose.services.miner?.networks).toEqual(['edge']);
  expect(compose.services.miner?.profiles).toEqual(['miner']);
  expect(names(({ networks = [] }) => networks.includes('edge'))).toEqual(['api', 'miner']);
});

test('a service waits until what it depends on is healthy', () => {
  for (const name of ['api', 'scheduler', 'evaluator']) {
    expect(compose.services[name]?.depends_on).toEqual({
      mongo: { condition: 'service_healthy' },
      redis: { condition: 'service_healthy' },
      storage: { condition: 'service_completed_successfully' },
    });
  }
});

test('the local override puts an image of ours in the place of every image that only a registry has', () => {
  const foreign = names(({ build, image }) => build === undefined && !image.includes('agon-'));
  const local = read('compose.local.yaml').services;
  expect(foreign.sort()).toEqual(Object.keys(local).sort());
  expect(Object.values(local).filter(({ image }) => !image.startsWith('agon-'))).toEqual([]);
});

test('the GPU override names services and a target that exist', () => {
  const gpu = read('compose.gpu.yaml').services;
  expect(Object.keys(gpu).filter((name) => !(name in compose.services))).toEqual([]);
  const target = gpu.evaluator?.build?.target;
  expect(readText('docker/Dockerfile')).toContain(`AS ${target}`);
});
