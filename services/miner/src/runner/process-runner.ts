import { execFile, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { RunUsage } from '@agon/contracts';
import type { Clock } from '@agon/kit';
import { gpuUsage } from '../resources/gpus.ts';
import type { RunFolder } from '../run-folder.ts';
import { type Runner, RunnerError, type Trainer, type TrainerExit, type TrainerStart } from './runner.ts';
import { trainerEnvironment } from './trainer-environment.ts';

const run = promisify(execFile);
const pollMs = 200;
const pythonMsMax = 20_000;
const mibPerKib = 1 / 1024;

/**
 * The shell outlives the trainer to write down its exit code; the trap keeps SIGTERM, which goes to the whole process
 * group, from ending the shell before the trainer, and then, ignored, from ending `mv` before the code is in its place.
 */
const script =
  'trap : TERM; exit_code_path="$1"; shift; "$@"; exit_code=$?; trap "" TERM; ' +
  'printf %s "$exit_code" > "$exit_code_path.new"; mv "$exit_code_path.new" "$exit_code_path"';

/**
 * Runs trainers as plain processes, each in a process group of its own, with output into a file: a miner that dies
 * leaves the trainer at work and finds it again. For templates that the owner of the machine trusts.
 */
export function processRunner(options: ProcessRunnerOptions): Runner {
  const trainerOf = (process: Process, gpus: readonly string[]): Trainer => ({
    handle: { kind: 'process', pid: process.pid, startedAtMs: process.startedAtMs },
    exit: waitForExit(process.pid, process.folder.exitCode),
    stop: () => signalGroup(process.pid, 'SIGTERM'),
    kill: () => signalGroup(process.pid, 'SIGKILL'),
    usage: usageOf(process.pid, { gpus, clock: options.clock }),
  });
  return {
    kind: 'process',
    isolates: false,
    ready: async () => undefined,
    describe: async () => {
      const asked = await run(options.python, ['--version'], { timeout: pythonMsMax }).catch(() => undefined);
      if (asked) return `Plain processes; ${asked.stdout.trim()}.`;
      throw new RunnerError(
        `${options.python} does not start. Name a Python that has the recipes' packages with --python.`,
      );
    },
    prepare: async ({ manifest }) => {
      if (manifest.image === undefined) return;
      throw new RunnerError(`The template "${manifest.name}" is a container image; start with --runner docker.`);
    },
    start: async (start) => {
      const log = await open(start.folder.log, 'a');
      try {
        const pid = await spawnDetached(options, start, log.fd);
        return trainerOf({ pid, startedAtMs: options.clock.nowMs(), folder: start.folder }, start.share.gpus);
      } finally {
        await log.close();
      }
    },
    attach: async (handle, folder) => {
      if (handle.kind !== 'process') return undefined;
      const ended = (await readExitCode(folder.exitCode)) !== null;
      if (!ended && !(await belongsToUs(handle.pid, folder.exitCode))) return undefined;
      return trainerOf({ ...handle, folder }, []);
    },
    sweep: async () => undefined,
    tidy: async () => undefined,
  };
}

export type ProcessRunnerOptions = {
  readonly clock: Clock;
  /** What `{python}` in a template's command becomes. */
  readonly python: string;
  /** Holds the shared package of the recipes. */
  readonly templatesFolder: string;
  /** The environment whose named variables trainers may see. */
  readonly environment: Readonly<Record<string, string | undefined>>;
};

type Process = { readonly pid: number; readonly startedAtMs: number; readonly folder: RunFolder };

function spawnDetached(options: ProcessRunnerOptions, start: TrainerStart, logFile: number): Promise<number> {
  const { template, folder, share } = start;
  const command = template.manifest.command.map((word) => (word === '{python}' ? options.python : word));
  const child = spawn('/bin/sh', ['-c', script, 'agon-trainer', folder.exitCode, ...command], {
    cwd: template.folder,
    env: trainerEnvironment({
      environment: options.environment,
      jobFolder: folder.job,
      temporaryFolder: folder.temporary,
      templatesFolder: options.templatesFolder,
      share,
    }),
    detached: true,
    stdio: ['ignore', logFile, logFile],
  });
  child.unref();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
}

/** The exit code file is the truth; a group that is gone without one was killed. */
async function waitForExit(pid: number, exitCodePath: string): Promise<TrainerExit> {
  let alive = true;
  while (alive) {
    await sleep(pollMs, undefined, { ref: true });
    alive = isAlive(pid) && (await readExitCode(exitCodePath)) === null;
  }
  const code = await readExitCode(exitCodePath);
  signalGroup(pid, 'SIGKILL');
  return { code, outOfMemory: code === 137 };
}

async function readExitCode(path: string): Promise<number | null> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return /^\d{1,3}$/.test(text) ? Number(text) : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Process ids are used again: the command line must name our exit code file. */
async function belongsToUs(pid: number, exitCodePath: string): Promise<boolean> {
  const { stdout } = await run('ps', ['-o', 'args=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.includes(exitCodePath);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** Looks at every process of the trainer's group: resident memory, and processor time since the last look. */
function usageOf(pid: number, { gpus, clock }: { gpus: readonly string[]; clock: Clock }): () => Promise<RunUsage> {
  let last: { readonly seconds: number; readonly atMs: number } | undefined;
  return async () => {
    const { kib, seconds } = await groupTotals(pid);
    const atMs = clock.nowMs();
    const cpus = last && atMs > last.atMs ? Math.max(0, seconds - last.seconds) / ((atMs - last.atMs) / 1000) : null;
    last = { seconds, atMs };
    return { memory_mib: kib * mibPerKib, cpus, gpus: await gpuUsage(gpus) };
  };
}

async function groupTotals(pid: number): Promise<{ kib: number; seconds: number }> {
  const { stdout } = await run('ps', ['-e', '-o', 'pgid=,rss=,cputimes=']).catch(() => ({ stdout: '' }));
  const ours = stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([group]) => group === pid);
  const sum = (column: number): number => ours.reduce((total, row) => total + (row[column] ?? 0), 0);
  return { kib: sum(1), seconds: sum(2) };
}
