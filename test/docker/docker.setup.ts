import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildTrainerImage } from '@agon/miner';
import {
  dockerFolder,
  ensureDebian,
  freeDockerFolder,
  installDocker,
  startDaemon,
} from '../../tools/private-docker.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const say = (text: string): void => void process.stderr.write(`… ${text}\n`);

/**
 * Before the Docker tests: the daemon of TEST_DOCKER_HOST where that is set, else a private one, with a Debian and the
 * trainers' image, told to the tests by the variables that `docker-tests.ts` reads. Where there can be none, a loud line says
 * so and the tests are not run.
 */
export async function setup(): Promise<() => Promise<void>> {
  const { TEST_DOCKER_HOST: given } = process.env;
  if (given) {
    await makeImages(given);
    return async () => undefined;
  }
  const reason = await installDocker({ say });
  if (reason !== undefined) return sayNone(reason);
  const place = freeDockerFolder();
  try {
    const daemon = await startDaemon({ folder: place.folder });
    const stop = async (): Promise<void> => {
      await daemon.stop();
      place.release();
    };
    try {
      await makeImages(daemon.host);
      return stop;
    } catch (error) {
      await stop();
      throw error;
    }
  } catch (error) {
    place.release();
    if (String(error).includes('dockerd does not start')) return sayNone(String(error));
    throw error;
  }
}

async function makeImages(host: string): Promise<void> {
  const debian = await ensureDebian({ host, cache: join(dockerFolder, 'cache'), say });
  const image = 'agon-trainer:latest';
  await buildTrainerImage({
    root,
    image,
    baseImage: debian,
    requirements: ['requirements.lock'],
    python: process.env.AGON_PYTHON ?? join(root, '.agon/python/bin/python'),
    cacheFolder: join(dockerFolder, 'cache'),
    environment: { ...process.env, DOCKER_HOST: host },
    say,
  });
  Object.assign(process.env, { AGON_TEST_DOCKER_HOST: host, AGON_TEST_DEBIAN: debian, AGON_TEST_IMAGE: image });
}

function sayNone(reason: string): () => Promise<void> {
  const line = '#'.repeat(72);
  process.stderr.write(
    `\n${line}\n# DOCKER TESTS ARE NOT RUN: no Docker daemon can be started:\n# ${reason}\n# skipped: no Docker daemon\n${line}\n\n`,
  );
  return async () => undefined;
}
