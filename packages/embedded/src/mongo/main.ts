import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Log } from '../log.ts';
import { serveMongo } from './server.ts';

const SWEEP_MS = 10_000;

/** One JSON line a message on stderr; stdout has only the line that says that the server is ready. */
function write(level: string): Log['info'] {
  return (fields, message) =>
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
}

const log: Log = { info: write('info'), warn: write('warn'), error: write('error') };

function fail(cause: unknown): never {
  log.error({ error: cause instanceof Error ? cause.message : String(cause) }, 'the embedded MongoDB server stops');
  process.exit(1);
}

const usage = 'usage: --folder FOLDER [--port NUMBER] [--host ADDRESS] [--password-file FILE] [--exit-with-stdin]';

/** `--folder F [--port N] [--host A] [--password-file P] [--exit-with-stdin]`, or AGON_MONGO_FOLDER and AGON_MONGO_PORT. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      'password-file': { type: 'string' },
      'exit-with-stdin': { type: 'boolean' },
    },
  });
  const folder = values.folder ?? process.env.AGON_MONGO_FOLDER;
  const port = Number(values.port ?? process.env.AGON_MONGO_PORT ?? 0);
  if (!folder || !Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(usage);
  const { host = '127.0.0.1', 'password-file': passwordFile } = values;
  if (host !== '127.0.0.1' && passwordFile === undefined)
    throw new Error('--host other than 127.0.0.1 needs --password-file: others can reach the server there.');
  const password = passwordFile === undefined ? undefined : readFileSync(passwordFile, 'utf8').trim();
  const server = await serveMongo({
    folder,
    port,
    host,
    password,
    log,
    clock: { nowMs: Date.now },
    sweepMs: SWEEP_MS,
    onFailure: fail,
  });
  let closing = false;
  const stop = (): void => {
    if (closing) return;
    closing = true;
    server.close().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (values['exit-with-stdin']) process.stdin.once('close', stop).once('end', stop).resume();
  process.stdout.write(`${JSON.stringify({ ready: true, port: server.port })}\n`);
}

main().catch(fail);
