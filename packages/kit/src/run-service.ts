import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Log } from './logger.ts';
import type { Shutdown } from './shutdown.ts';

export type Service = {
  readonly name: string;
  readonly log: Log;
  /** What `start` opens is added here. */
  readonly shutdown: Shutdown;
  /** Whether the process ends when its standard input closes, because its parent is gone. */
  readonly endsWithParent: boolean;
  /** Opens everything; answers what the line that says ready tells besides. */
  readonly start: () => Promise<Readonly<Record<string, unknown>>>;
};

/**
 * The life of a service's process: starts, says on standard output that it is ready in one line of JSON, and closes
 * everything once on SIGTERM or SIGINT, with exit code 0. A second signal while that lasts ends the process at once; a
 * start that fails closes what was opened, with exit code 1.
 */
export async function runService(service: Service): Promise<void> {
  const { log, shutdown } = service;
  const end = (exitCode: number): void => {
    if (shutdown.begun) process.exit(1);
    void shutdown.run((step, error) => reportClosed(log, step, error)).then(() => process.exit(exitCode));
  };
  process.once('SIGTERM', () => end(0));
  process.once('SIGINT', () => end(0));
  if (service.endsWithParent) process.stdin.on('close', () => end(0)).resume();
  try {
    const ready = await service.start();
    process.stdout.write(`${JSON.stringify({ ready: true, ...ready })}\n`);
  } catch (error) {
    log.error({ err: error }, `the ${service.name} could not start`);
    end(1);
  }
}

const reportClosed = (log: Log, step: string, error: unknown): void =>
  error ? log.error({ err: error, step }, 'could not close') : log.debug({ step }, 'closed');

/** The version in a package.json. */
export async function readVersion(manifest: URL): Promise<string> {
  return z.object({ version: z.string() }).parse(JSON.parse(await readFile(manifest, 'utf8'))).version;
}
