/**
 * A Docker daemon of our own, for tests and for a demo where none runs: own socket, own data, own containers, and no
 * bridge unless it is asked for, so that it changes nothing of the machine's network. Needs root and Debian's docker.io.
 *
 *   node tools/private-docker.mjs COMMAND…     runs a command with DOCKER_HOST of such a daemon
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { privateBridge } from './private-bridge.mjs';

const run = promisify(execFile);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const startMsMax = 60_000;
const stopMsMax = 20_000;

/** Where images, layers and the cached base stay between runs. */
export const dockerFolder = join(root, '.agon', 'docker');
/** No slash: nobody can publish under this name on a public hub. */
export const debianImage = 'agon-debian:bookworm';

const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;

/** Installs what is missing, as root on Debian. @returns {Promise<string | undefined>} why there can be no daemon. */
export async function installDocker({ say }) {
  if (process.platform !== 'linux') return 'the tests start dockerd themselves, which needs Linux';
  if (process.getuid?.() !== 0) return 'dockerd needs root';
  const missing = ['dockerd', 'debootstrap'].filter((command) => !has(command));
  if (missing.length === 0) return undefined;
  if (!has('apt-get')) return `${missing.join(' and ')} not found, and there is no apt-get`;
  say('installing docker.io and debootstrap');
  try {
    const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, maxBuffer: 2 ** 26 };
    await run('apt-get', ['update'], options);
    await run('apt-get', ['install', '--yes', '--no-install-recommends', 'docker.io', 'debootstrap'], options);
    return undefined;
  } catch (error) {
    return `docker.io could not be installed: ${String(error.stderr ?? error)
      .trim()
      .split('\n')
      .at(-1)}`;
  }
}

/**
 * @param {{ folder: string, liveRestore?: boolean, networks?: boolean }} options `folder` keeps the images; `liveRestore`: containers go on while
 * the daemon is away; `networks`: containers may have networks, over a bridge that no other daemon uses.
 */
export async function startDaemon({ folder, liveRestore = true, networks = false }) {
  mkdirSync(folder, { recursive: true });
  // Paths of sockets have 107 characters at most.
  const runtime = mkdtempSync(join(tmpdir(), 'agon-dockerd-'));
  writeFileSync(join(runtime, 'daemon.json'), '{}');
  const socket = join(runtime, 'docker.sock');
  const daemon = new Daemon({
    folder,
    runtime,
    socket,
    liveRestore,
    bridge: networks ? privateBridge(folder) : undefined,
  });
  try {
    await daemon.start();
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  return daemon;
}

class Daemon {
  #places;
  #child;

  constructor(places) {
    this.#places = places;
  }

  get host() {
    return `unix://${this.#places.socket}`;
  }

  async start() {
    const { folder, runtime, socket, liveRestore, bridge } = this.#places;
    bridge?.add();
    // A containerd that the machine runs may be shared: then in a namespace of our own.
    const namespace = `agon-${createHash('sha256').update(runtime).digest('hex').slice(0, 12)}`;
    const log = openSync(join(runtime, 'dockerd.log'), 'a');
    this.#child = spawn(
      'dockerd',
      [
        ...['--host', this.host, '--data-root', join(folder, 'data'), '--exec-root', join(runtime, 'exec')],
        ...['--pidfile', join(runtime, 'dockerd.pid'), '--config-file', join(runtime, 'daemon.json')],
        ...['--containerd-namespace', namespace, '--containerd-plugins-namespace', `${namespace}-plugins`],
        ...(bridge?.arguments ?? ['--bridge=none', '--iptables=false', '--ip6tables=false']),
        `--live-restore=${liveRestore}`,
      ],
      { stdio: ['ignore', log, log], detached: true },
    );
    closeSync(log);
    const child = this.#child;
    const failed = new Promise((resolve) => child.once('error', resolve).once('exit', resolve));
    for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += 200) {
      if (existsSync(socket) && (await this.#answers())) return;
      const ended = await Promise.race([failed.then(() => true), sleep(200, false)]);
      if (ended) break;
    }
    const said = readFileSync(join(runtime, 'dockerd.log'), 'utf8').trim().split('\n').slice(-3).join('\n');
    throw new Error(`dockerd does not start:\n${said}`);
  }

  /** As a power cut would. */
  async kill() {
    await this.#end('SIGKILL');
    // Its containerd died with it. Where nobody reaps it, the next daemon would take it for one that still runs.
    rmSync(join(this.#places.runtime, 'exec', 'containerd', 'containerd.pid'), { force: true });
  }

  async stop() {
    const { runtime, bridge } = this.#places;
    if (await this.#answers()) {
      const env = { ...process.env, DOCKER_HOST: this.host };
      const listed = await run('docker', ['ps', '--all', '--quiet'], { env }).catch(() => ({ stdout: '' }));
      const ids = listed.stdout.split('\n').filter(Boolean);
      if (ids.length > 0) await run('docker', ['rm', '--force', '--volumes', ...ids], { env }).catch(() => undefined);
    }
    await this.#end('SIGTERM');
    endContainers(runtime);
    unmountUnder(join(this.#places.folder, 'data'), runtime);
    bridge?.remove();
    rmSync(runtime, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async #answers() {
    const env = { ...process.env, DOCKER_HOST: this.host };
    const asked = await run('docker', ['version'], { env, timeout: 10_000 }).catch(() => undefined);
    return asked !== undefined;
  }

  async #end(signal) {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    await exited;
    clearTimeout(timer);
  }
}

/** Containers of a daemon that cannot end them itself any more: all that the process above each has started, and it. */
function endContainers(runtime) {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const command = textOf(`/proc/${pid}/cmdline`);
    if (!command.includes('containerd-shim') || !command.includes(`${runtime}/`)) continue;
    for (const child of textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean)) kill(Number(child));
    kill(Number(pid));
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** Mounts that a killed daemon left in our folders; the deepest first. */
function unmountUnder(...folders) {
  const mounts = textOf('/proc/mounts')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  const ours = mounts.filter((path) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`)));
  for (const path of ours.reverse()) spawnSync('umount', ['--lazy', path], { stdio: 'ignore' });
}

function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/**
 * Brings Debian into the daemon, for where no registry of images can be reached: from `cache`, or made by debootstrap, which
 * takes a minute, and kept in `cache`.
 */
export async function ensureDebian({ host, cache, say }) {
  const env = { ...process.env, DOCKER_HOST: host };
  if (await run('docker', ['image', 'inspect', debianImage], { env }).catch(() => undefined)) return debianImage;
  const archive = join(cache, 'debian.tar');
  if (existsSync(archive)) {
    await run('docker', ['load', '--input', archive], { env });
    return debianImage;
  }
  say('making a Debian image with debootstrap');
  await run('sh', [join(root, 'docker', 'debian-base.sh'), debianImage], { env, maxBuffer: 2 ** 26 });
  mkdirSync(cache, { recursive: true });
  await run('docker', ['save', '--output', `${archive}.new`, debianImage], { env });
  await run('mv', [`${archive}.new`, archive]);
  return debianImage;
}

/** The folder that keeps images between runs, or a new one where another daemon has it. */
export function freeDockerFolder() {
  const holder = Number(
    existsSync(join(dockerFolder, 'holder')) ? readFileSync(join(dockerFolder, 'holder'), 'utf8') : 0,
  );
  if (holder > 0 && holder !== process.pid && existsSync(`/proc/${holder}`)) {
    const folder = mkdtempSync(join(tmpdir(), 'agon-docker-'));
    return { folder, release: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 500 }) };
  }
  mkdirSync(dockerFolder, { recursive: true });
  writeFileSync(join(dockerFolder, 'holder'), String(process.pid));
  return { folder: dockerFolder, release: () => rmSync(join(dockerFolder, 'holder'), { force: true }) };
}

async function main(command) {
  const say = (text) => process.stderr.write(`… ${text}\n`);
  const reason = await installDocker({ say });
  if (reason !== undefined || command.length === 0) {
    process.stderr.write(`${reason ?? 'usage: node tools/private-docker.mjs COMMAND…'}\n`);
    return 1;
  }
  const place = freeDockerFolder();
  const daemon = await startDaemon({ folder: place.folder });
  const ignored = () => undefined;
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, ignored);
  try {
    const child = spawn(command[0], command.slice(1), {
      stdio: 'inherit',
      env: { ...process.env, DOCKER_HOST: daemon.host },
    });
    return await new Promise((resolve) =>
      child.once('error', () => resolve(127)).once('exit', (code) => resolve(code ?? 130)),
    );
  } finally {
    await daemon.stop();
    place.release();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = await main(process.argv.slice(2));
