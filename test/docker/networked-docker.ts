import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { dockerFolder, ensureDebian, startDaemon } from '../../tools/private-docker.mjs';
import { root, run } from './compose-project.ts';

const say = (text: string): void => void process.stderr.write(`… ${text}\n`);

/**
 * A daemon whose containers may have networks, which the composed system needs, with every image of docker/ made anew where
 * something changed; TEST_DOCKER_HOST's where that is set. Answers what ends it. Its images stay under `.agon/docker`.
 */
export async function networkedDocker(): Promise<() => Promise<void>> {
  const { TEST_DOCKER_HOST: given } = process.env;
  const folder = join(dockerFolder, 'networked');
  mkdirSync(folder, { recursive: true });
  const daemon = given ? undefined : await startDaemon({ folder, networks: true });
  const host = given ?? daemon?.host ?? '';
  process.env.DOCKER_HOST = host;
  const stop = async (): Promise<void> => {
    await daemon?.stop();
  };
  try {
    await ensureDebian({ host, cache: join(dockerFolder, 'cache'), say });
    say('building the images of docker/');
    say((await run(process.execPath, [join(root, 'tools', 'images.mjs'), '--local'])).replaceAll('\n', '\n  '));
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}
