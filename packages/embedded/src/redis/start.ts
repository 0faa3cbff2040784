import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@agon/contracts';
import { detach, endChild, exitOf, openLog, type RunningServer, tailOf } from '../child.ts';
import { lockFolder } from '../lock.ts';
import type { Log } from '../log.ts';
import { passwordOf } from '../password.ts';
import { findRedisServer } from './find.ts';
import { isUp, talk } from './talk.ts';

export interface StartRedisOptions {
  /** Where the data, the password and the log are; made when it is not there. */
  folder: string;
  /** Where a program from a wheel is kept; default `<folder>/tools`. */
  toolsFolder?: string;
  /** Usually `process.env`: AGON_REDIS_SERVER, PATH, and what pip needs. */
  environment: NodeJS.ProcessEnv;
  log: Log;
}

const ATTEMPTS = 5;
/** A large append-only file takes a while to load. */
const READY_MS = 60_000;
const POLL_MS = 20;
const PORT_TAKEN = /address already in use/i;

/**
 * Starts a private Redis (or Valkey) on 127.0.0.1 with a free port, a password and an append-only file. It ends with
 * `stop`, and with this process however that ends. Throws AppError not_ready: no server on the machine, the folder in
 * use, or a server that does not come up.
 */
export async function startRedis({
  folder,
  toolsFolder = join(folder, 'tools'),
  environment,
  log,
}: StartRedisOptions): Promise<RunningServer> {
  const home = resolve(folder);
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o700);
  const unlock = lockFolder(home);
  try {
    const preferred = rememberedBinary(home);
    const binary = await findRedisServer({ environment, toolsFolder: resolve(toolsFolder), log, preferred });
    const password = passwordOf(home);
    await endOrphan(home, password, log);
    const { child, port } = await launch(binary, home, password);
    writeFileSync(join(home, 'binary'), binary);
    writeFileSync(join(home, 'running.json'), JSON.stringify({ pid: child.pid, port }));
    log.info({ binary, port, pid: child.pid }, 'redis is up');
    return supervise(child, `redis://:${password}@127.0.0.1:${port}`, () => {
      rmSync(join(home, 'running.json'), { force: true });
      unlock();
    });
  } catch (cause) {
    unlock();
    throw cause;
  }
}

/** The program that wrote the data here. Redis and Valkey do not read each other's newer files. */
function rememberedBinary(home: string): string | undefined {
  const path = join(home, 'binary');
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Ends a server on our data that outlived its parent and its watcher. It is ours when it takes our password. */
async function endOrphan(home: string, password: string, log: Log): Promise<void> {
  const path = join(home, 'running.json');
  if (!existsSync(path)) return;
  const { port, pid } = JSON.parse(readFileSync(path, 'utf8')) as { port: number; pid: number };
  if (await isUp(port, password)) {
    log.warn({ pid, port }, 'a Redis server was left behind: it is shut down');
    await talk(port, password, 'SHUTDOWN');
    while (await isUp(port, password)) await sleep(POLL_MS);
  }
  rmSync(path);
}

async function launch(binary: string, home: string, password: string): Promise<{ child: ChildProcess; port: number }> {
  const logPath = join(home, 'redis.log');
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = spawnServer(binary, home, logPath, configuration({ home, port, password }));
    const gone = new AbortController();
    const ended = exitOf(child).finally(() => gone.abort());
    const outcome = await Promise.race([ended, waitUntilUp(port, password, gone.signal)]);
    if (outcome === 'up') return { child, port };
    await endChild(child);
    const tail = tailOf(logPath);
    if (attempt < ATTEMPTS && PORT_TAKEN.test(tail)) continue;
    throw new AppError('not_ready', `Redis did not come up (${outcome}); ${logPath} ends with:\n${tail}`);
  }
}

async function waitUntilUp(port: number, password: string, gone: AbortSignal): Promise<string> {
  const late = AbortSignal.any([gone, AbortSignal.timeout(READY_MS)]);
  while (!late.aborted) {
    if (await isUp(port, password)) return 'up';
    await sleep(POLL_MS);
  }
  return `no answer within ${READY_MS / 1000} s`;
}

/** The configuration goes in by stdin, so the password stands in no argument list; no file from outside is read. */
function spawnServer(binary: string, home: string, logPath: string, config: string): ChildProcess {
  const output = openLog(logPath);
  // Its own process group: Ctrl-C in the terminal is for our process, which then stops its servers in order.
  const child = spawn(binary, ['-'], { cwd: home, env: {}, detached: true, stdio: ['pipe', output, output] });
  closeSync(output);
  child.stdin?.on('error', () => undefined).end(config);
  detach(child);
  return child;
}

/** The lines of a configuration file. */
export function configuration({ home, port, password }: { home: string; port: number; password: string }): string {
  const lines: ReadonlyArray<readonly [string, string]> = [
    ['bind', '127.0.0.1'],
    ['port', String(port)],
    ['requirepass', password],
    ['dir', JSON.stringify(home)],
    ['appendonly', 'yes'],
    ['appendfsync', 'everysec'],
    ['save', '""'],
    ['maxmemory-policy', 'noeviction'],
    ['daemonize', 'no'],
  ];
  return `${lines.map((line) => line.join(' ')).join('\n')}\n`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A shell that waits for the end of its input, which comes when this process is gone, and then ends the server. */
function watch(child: ChildProcess): ChildProcess {
  const script = 'cat >/dev/null; kill -TERM "$0" 2>/dev/null';
  const watcher = spawn('/bin/sh', ['-c', script, String(child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  detach(watcher);
  return watcher;
}

function supervise(child: ChildProcess, url: string, release: () => void): RunningServer {
  const watcher = watch(child);
  const exited = exitOf(child).then((how) => {
    // The watcher goes first to nothing: the number of a process that has ended may be given to another.
    watcher.kill('SIGKILL');
    release();
    return how;
  });
  return {
    url,
    exited,
    stop: async () => {
      await endChild(child);
      await exited;
    },
  };
}
