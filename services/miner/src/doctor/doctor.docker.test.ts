import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newSigningKeyPem, readSigningKey, silentLog, systemClock } from '@agon/kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeRunner } from '../runner/make-runner.ts';
import { dockerOfTests } from '../testing/docker-tests.ts';
import { quietService } from '../testing/quiet-service.ts';
import type { Check } from './check.ts';
import { type DoctorOptions, runDoctor } from './run-doctor.ts';
import { readSelfTest } from './self-test-record.ts';

const docker = dockerOfTests();
const templatesFolder = fileURLToPath(new URL('../../../../templates', import.meta.url));
const machine = { gpus: [], vram_mib: 0, memory_mib: 2_048, cpus: 2, disk_mib: 50_000 };

describe.runIf(docker)('the doctor', () => {
  let service: Awaited<ReturnType<typeof quietService>>;
  let folder: string;

  beforeAll(async () => {
    service = await quietService();
    folder = await mkdtemp(join(tmpdir(), 'agon-doctor-'));
  });
  afterAll(() => service?.stop());

  async function examine(changes: Partial<DoctorOptions> = {}, host = docker!.host): Promise<Record<string, Check>> {
    const environment = { ...process.env, DOCKER_HOST: host };
    const shared = { templatesFolder, environment, folder, clock: systemClock };
    const settings = { kind: 'docker', image: docker!.image, python: 'python3', log: silentLog } as const;
    const checks = await runDoctor({
      ...shared,
      baseUrl: service.url,
      key: readSigningKey(newSigningKeyPem()),
      templates: ['tabular-linear'],
      capabilities: machine,
      runner: await makeRunner({ ...shared, ...settings, purpose: 'doctor' }),
      newNonce: () => 'nonce-nonce-nonce-nonce',
      signal: new AbortController().signal,
      trains: false,
      onCheck: () => undefined,
      ...changes,
    });
    return Object.fromEntries(checks.map((check) => [check.name, check]));
  }

  test('trains in a container on a healthy machine, and keeps what it found for registrations', async () => {
    const checks = await examine({ trains: true });
    expect(Object.values(checks).filter((check) => check.ok === false)).toEqual([]);
    expect(checks.runner?.message).toContain('Docker ');
    expect(checks['self-test']?.message).toMatch(/tabular-linear@.* handed in \d+ bytes/);
    expect(await readSelfTest(folder)).toMatchObject({ ok: true, runner: 'docker', template: 'tabular-linear@1.0.0' });
  });

  test('finds no fault in a machine without a GPU, and names a broken runtime for them', async () => {
    expect((await examine()).driver?.ok).not.toBe(false);
    const gpus = [{ uuid: 'GPU-1', name: 'Imagined', vram_mib: 8_000 }];
    const checks = await examine({ capabilities: { ...machine, gpus, vram_mib: 8_000 } });
    expect(checks['gpu runtime']).toMatchObject({
      ok: false,
      message: expect.stringMatching(/NVIDIA Container Toolkit.*could not select device driver/),
    });
  });

  test('names a daemon and a service that do not answer', async () => {
    const checks = await examine({ baseUrl: 'http://127.0.0.1:1' }, 'unix:///nowhere/docker.sock');
    expect(checks.service).toMatchObject({ ok: false, fix: expect.stringContaining('--url') });
    expect(checks.runner).toMatchObject({ ok: false, message: expect.stringContaining('No Docker daemon answers') });
    expect(checks['self-test']).toBeUndefined();
  });
});
