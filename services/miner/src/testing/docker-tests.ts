import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog, systemClock } from '@agon/kit';
import { makeRunner } from '../runner/make-runner.ts';
import type { Runner } from '../runner/runner.ts';

/** What `test/docker/docker.setup.ts` told; undefined where no daemon could be started. */
export function dockerOfTests(): { host: string; debian: string; image: string } | undefined {
  const { AGON_TEST_DOCKER_HOST: host, AGON_TEST_DEBIAN: debian, AGON_TEST_IMAGE: image } = process.env;
  return host && debian && image ? { host, debian, image } : undefined;
}

/** A runner on the daemon of the tests, that owns no container of another test's. */
export async function containerRunner(
  options: { host: string; image: string },
  folder?: string,
): Promise<{ runner: Runner; folder: string }> {
  const home = folder ?? (await mkdtemp(join(tmpdir(), 'agon-owner-')));
  const runner = await makeRunner({
    kind: 'docker',
    image: options.image,
    python: 'python3',
    templatesFolder: home,
    environment: { ...process.env, DOCKER_HOST: options.host },
    folder: home,
    clock: systemClock,
    log: silentLog,
  });
  return { runner, folder: home };
}
