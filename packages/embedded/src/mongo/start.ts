import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, closeSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AppError } from '@agon/contracts';
import { detach, endChild, exitOf, openLog, type RunningServer, tailOf } from '../child.ts';
import type { Log } from '../log.ts';
import { passwordOf, passwordPath } from '../password.ts';
import { MECHANISM, USER } from './scram.ts';

export interface StartMongoOptions {
  /** Where the data and the log are; made when it is not there. */
  folder: string;
  /** 0 or absent: any free port. */
  port?: number;
  /** The database that the address names; default `agon`. */
  database?: string;
  log: Log;
}

/**
 * Starts the embedded MongoDB server as a child process on 127.0.0.1. It ends with `stop`, and with this process however
 * that ends. Throws AppError not_ready: the folder is in use, the port is taken, or the build is missing.
 */
export async function startMongo({
  folder,
  port = 0,
  database = 'agon',
  log,
}: StartMongoOptions): Promise<RunningServer> {
  const home = resolve(folder);
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o700);
  const password = passwordOf(home);
  const logPath = join(home, 'mongo.log');
  const child = spawnServer(home, port, logPath);
  const exited = exitOf(child);
  const ready = await Promise.race([readyPort(child), exited]);
  if (typeof ready === 'string') {
    throw new AppError(
      'not_ready',
      `The embedded MongoDB server did not come up (${ready}); ${logPath} ends with:\n${tailOf(logPath)}`,
    );
  }
  detach(child);
  log.info({ port: ready, pid: child.pid }, 'mongodb (embedded) is up');
  const stop = async (): Promise<void> => {
    await endChild(child);
    await exited;
  };
  const options = `authSource=admin&authMechanism=${MECHANISM}`;
  return { url: `mongodb://${USER}:${password}@127.0.0.1:${ready}/${database}?${options}`, exited, stop };
}

function spawnServer(home: string, port: number, logPath: string): ChildProcess {
  const output = openLog(logPath);
  const args = [
    programPath(),
    '--folder',
    home,
    '--port',
    String(port),
    '--password-file',
    passwordPath(home),
    '--exit-with-stdin',
  ];
  // Its own process group: Ctrl-C in the terminal is for our process, which then stops its servers in order.
  const child = spawn(process.execPath, args, { env: {}, detached: true, stdio: ['pipe', 'pipe', output] });
  closeSync(output);
  return child;
}

/** The compiled program, beside this file in `dist`; from `src`, as tests run it, the one that `tsc -b` made. */
function programPath(): string {
  const path = fileURLToPath(
    new URL(import.meta.url.endsWith('.ts') ? '../../dist/mongo/main.js' : './main.js', import.meta.url),
  );
  if (!existsSync(path)) throw new AppError('not_ready', `${path} is not built: run "npx tsc -b packages/embedded"`);
  return path;
}

/** The port from the line that the program prints when it listens; never, when it ends before. */
async function readyPort(child: ChildProcess): Promise<number> {
  if (child.stdout === null) throw new AppError('internal', 'the embedded MongoDB server has no output');
  for await (const line of createInterface(child.stdout)) {
    const { ready, port } = JSON.parse(line) as { ready: boolean; port: number };
    if (ready) return port;
  }
  return new Promise(() => undefined);
}
