import { execFile, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Clock } from '@agon/kit';
import type { Runner, Trainer, TrainerExit, TrainerHandle, TrainerStart } from './runner.ts';

const run = promisify(execFile);
const pollMs = 200;
const mibPerKib = 1 / 1024;

/**
 * The shell outlives the trainer to write down its exit code; the trap keeps SIGTERM, which goes to the whole process
 * group, from ending the shell before the trainer.
 */
const script =
  'trap : TERM; exit_code_path="$1"; shift; "$@"; printf %s $? > "$exit_code_path.new"; mv "$exit_code_path.new" "$exit_code_path"';

/**
 * Runs trainers as plain processes, each in a process group of its own, with output into a file: a miner that dies
 * leaves the trainer at work and finds it again. For templates that the owner of the machine trusts.
 */
export function processRunner(options: { clock: Clock }): Runner {
  return {
    start: async (start) => {
      const log = await open(start.logPath, 'a');
      try {
        const pid = await spawnDetached(start, log.fd);
        const handle = { pid, startedAtMs: options.clock.nowMs() };
        return trainerOf(handle, start.exitCodePath);
      } finally {
        await log.close();
      }
    },
    attach: async (handle, exitCodePath) => {
      const ended = (await readExitCode(exitCodePath)) !== null;
      if (!ended && !(await belongsToUs(handle.pid, exitCodePath))) return undefined;
      return trainerOf(handle, exitCodePath);
    },
  };
}

function spawnDetached(start: TrainerStart, logFile: number): Promise<number> {
  const child = spawn('/bin/sh', ['-c', script, 'agon-trainer', start.exitCodePath, ...start.command], {
    cwd: start.workingFolder,
    env: start.environment,
    detached: true,
    stdio: ['ignore', logFile, logFile],
  });
  child.unref();
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
}

function trainerOf(handle: TrainerHandle, exitCodePath: string): Trainer {
  return {
    handle,
    exit: waitForExit(handle.pid, exitCodePath),
    stop: () => signalGroup(handle.pid, 'SIGTERM'),
    kill: () => signalGroup(handle.pid, 'SIGKILL'),
    memoryMib: () => groupMemoryMib(handle.pid),
  };
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

/** Resident memory of every process of the trainer's group, in MiB. */
async function groupMemoryMib(pid: number): Promise<number> {
  const { stdout } = await run('ps', ['-e', '-o', 'pgid=,rss=']).catch(() => ({ stdout: '' }));
  const kib = stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([group]) => group === pid)
    .reduce((sum, [, resident]) => sum + (resident ?? 0), 0);
  return kib * mibPerKib;
}
