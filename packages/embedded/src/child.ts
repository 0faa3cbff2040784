import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { Socket } from 'node:net';

/** A server that runs as a child process. */
export interface RunningServer {
  url: string;
  /** Resolves when the process has ended, by itself or by `stop`, with how: "code 0", "signal SIGKILL". */
  exited: Promise<string>;
  /** Ends it in good order; returns when it is gone. May be called twice. */
  stop(): Promise<void>;
}

const GRACE_MS = 10_000;
const LOG_BYTES_MAX = 5_000_000;
const TAIL_LINES = 5;

/** Lets this process end although the child runs and its pipes are open; the child then ends too. */
export function detach(child: ChildProcess): void {
  child.unref();
  for (const stream of [child.stdin, child.stdout]) if (stream instanceof Socket) stream.unref();
}

/** SIGTERM, then SIGKILL when the process is still there after 10 seconds. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await gone;
  clearTimeout(timer);
}

/** How a process ended; never rejects. */
export async function exitOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, 'exit');
    return signal === null ? `code ${code}` : `signal ${signal}`;
  } catch (cause) {
    return String(cause);
  }
}

/** Opens a log file for a child to append to; one that has grown too large begins anew. */
export function openLog(path: string): number {
  if (existsSync(path) && statSync(path).size > LOG_BYTES_MAX) truncateSync(path);
  return openSync(path, 'a', 0o600);
}

/** The last lines of a log, for an error message. */
export function tailOf(path: string): string {
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}
