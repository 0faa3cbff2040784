/** What `--runner docker` needs of a machine: a daemon, and a Debian to build the trainers' image on. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { dockerFolder, ensureDebian, freeDockerFolder, startDaemon } from './private-docker.mjs';

const pullMsMax = 120_000;
const publicBase = 'debian:bookworm-slim';

const docker = (args, env) => spawnSync('docker', args, { stdio: 'ignore', env, timeout: pullMsMax }).status === 0;
const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;
const say = (text) => process.stderr.write(`… ${text}\n`);

/**
 * Uses the daemon that DOCKER_HOST or the machine has. Where none answers and we may start one, starts a private one for as
 * long as the command lasts; where no registry can be reached, makes the base image here.
 *
 * @param {string[]} args of the command.
 * @returns {Promise<{ env: Record<string, string>, stop: () => Promise<void> }>} what the command needs besides.
 */
export async function dockerFor(args) {
  const env = {};
  let stop = async () => undefined;
  if (!docker(['version'], process.env) && has('dockerd') && process.getuid?.() === 0) {
    say('no Docker daemon answers: starting a private one for this command');
    const place = freeDockerFolder();
    const daemon = await startDaemon({ folder: place.folder });
    env.DOCKER_HOST = daemon.host;
    stop = async () => {
      await daemon.stop();
      place.release();
    };
  }
  try {
    const base = await baseFor(args, { ...process.env, ...env });
    return { env: { ...env, ...(base ? { AGON_BASE_IMAGE: base } : {}) }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The Debian that is to be built on, where it is neither named nor to be had from a registry. */
async function baseFor(args, env) {
  const named = env.AGON_BASE_IMAGE || args.some((word) => /^--(base-)?image(=|$)/.test(word));
  if (named || !docker(['version'], env)) return undefined;
  if (docker(['image', 'inspect', publicBase], env)) return undefined;
  say(`pulling ${publicBase}`);
  if (docker(['pull', '--quiet', publicBase], env)) return undefined;
  if (!has('debootstrap') || process.getuid?.() !== 0) return undefined;
  say('no registry of images can be reached: the base image is made on this machine');
  return ensureDebian({ host: env.DOCKER_HOST, cache: join(dockerFolder, 'cache'), say });
}
