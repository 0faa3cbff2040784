import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type Daemon = { readonly host: string; readonly stop: () => Promise<void> };

const startMsMax = 60_000;
const stopMsMax = 30_000;
const lookMs = 250;

const ran = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Whether the daemon that the environment names, or the usual one, answers. */
export const dockerAnswers = (env: NodeJS.ProcessEnv = process.env): boolean =>
  spawnSync('docker', ['version'], { stdio: 'ignore', env, timeout: 20_000 }).status === 0;

/** Why this machine cannot start a daemon of its own, or nothing. */
export function obstacle(): string | undefined {
  if (process.platform !== 'linux') return 'a private daemon needs Linux';
  if (process.getuid?.() !== 0) return 'a private daemon needs root';
  const missing = ['dockerd', 'docker', 'ip'].filter((name) => !ran('sh', ['-c', `command -v ${name}`]));
  return missing.length > 0
    ? `${missing.join(', ')} not found (Debian: apt-get install docker.io iproute2)`
    : undefined;
}

/**
 * Starts a Docker daemon that shares nothing with another one on this machine: socket, data and networks are its own. What
 * it keeps in `folder`, images above all, is there again the next time.
 *
 * @throws Error that ends with the daemon's log, where it does not come up.
 */
export async function startDaemon(folder: string): Promise<Daemon> {
  await mkdir(folder, { recursive: true });
  // A socket's path must be short; the folder's may be long.
  const run = await mkdtemp(join(tmpdir(), 'agon-docker-'));
  const host = `unix://${join(run, 'docker.sock')}`;
  const network = networkOf(folder);
  ran('ip', ['link', 'add', network.bridge, 'type', 'bridge']);
  ran('ip', ['addr', 'add', network.address, 'dev', network.bridge]);
  ran('ip', ['link', 'set', network.bridge, 'up']);
  const logPath = join(folder, 'dockerd.log');
  const output = openSync(logPath, 'a');
  const child = spawn('dockerd', argumentsOf({ folder, run, host, network }), { stdio: ['ignore', output, output] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    await exited;
    clearTimeout(late);
    ran('ip', ['link', 'del', network.bridge]);
    await rm(run, { recursive: true, force: true });
  };
  const deadline = performance.now() + startMsMax;
  while (child.exitCode === null && performance.now() < deadline) {
    if (dockerAnswers({ ...process.env, DOCKER_HOST: host })) return { host, stop };
    await sleep(lookMs);
  }
  await stop();
  throw new Error(`dockerd did not come up; ${logPath} ends with:\n${(await readFile(logPath, 'utf8')).slice(-2_000)}`);
}

type Network = { readonly bridge: string; readonly address: string; readonly pool: string };

/** Addresses by the folder, so that daemons of two checkouts do not meet. */
function networkOf(folder: string): Network {
  const hash = createHash('sha256').update(folder).digest();
  const second = 130 + ((hash[0] ?? 0) % 100);
  const bridge = `agon${hash.toString('hex').slice(0, 8)}`;
  return { bridge, address: `10.${second}.0.1/24`, pool: `base=10.${second}.128.0/17,size=24` };
}

const argumentsOf = (input: { folder: string; run: string; host: string; network: Network }): string[] => [
  ...['--host', input.host],
  ...['--data-root', join(input.folder, 'data')],
  ...['--exec-root', join(input.run, 'exec')],
  ...['--pidfile', join(input.run, 'dockerd.pid')],
  ...['--bridge', input.network.bridge],
  ...['--default-address-pool', input.network.pool],
];
