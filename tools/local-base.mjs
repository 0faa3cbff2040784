/** Base images from what this machine has, for where no registry of images can be reached: Debian, and Debian with Node. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { docker, ImagesError } from './docker.mjs';
import { root } from './setup.mjs';

/** Names have no slash: nobody can publish under them on a public hub. */
export const localBases = {
  debian: 'agon-debian:bookworm',
  runtime: 'agon-node-runtime:local',
  build: 'agon-node-build:local',
};

const certificates = ['/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/cert.pem', '/etc/pki/tls/certs/ca-bundle.crt'];

const hasImage = (name) => spawnSync('docker', ['image', 'inspect', name], { stdio: 'ignore' }).status === 0;

/** Node's npm, which is a folder beside the Node that runs this. */
function npmFolder() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const found = ['lib/node_modules/npm', 'share/nodejs/npm'].map((path) => join(prefix, path)).find(existsSync);
  if (found === undefined) throw new ImagesError(`There is no npm beside ${process.execPath}; give --build-image.`);
  return realpathSync(found);
}

/** Makes Debian once, as root, with debootstrap. */
async function makeDebian(step) {
  if (hasImage(localBases.debian)) return;
  if (process.platform !== 'linux') throw new ImagesError('--local needs Linux; give --base-image and --build-image.');
  await step(localBases.debian, () =>
    docker([join(root, 'docker', 'debian-base.sh'), localBases.debian], { command: 'sh' }),
  );
}

/**
 * Makes the three images of `localBases`, where they are not there yet or Node has changed.
 *
 * @param {(title: string, work: () => Promise<unknown>) => Promise<unknown>} step says what goes on.
 */
export async function makeLocalBases(step) {
  await makeDebian(step);
  const context = mkdtempSync(join(tmpdir(), 'agon-base-'));
  try {
    cpSync(realpathSync(process.execPath), join(context, 'node'));
    cpSync(npmFolder(), join(context, 'npm'), { recursive: true, dereference: true });
    const trusted = [process.env.NODE_EXTRA_CA_CERTS, ...certificates].find((path) => path && existsSync(path));
    if (!trusted) throw new ImagesError('No bundle of certificates was found; set NODE_EXTRA_CA_CERTS to one.');
    cpSync(trusted, join(context, 'ca-certificates.crt'), { dereference: true });
    const file = join(root, 'docker', 'node-base.Dockerfile');
    for (const target of ['runtime', 'build']) {
      const args = ['--build-arg', `BASE_IMAGE=${localBases.debian}`, '--target', target, '-t', localBases[target]];
      await step(localBases[target], () => docker(['build', '-f', file, ...args, context]));
    }
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}
