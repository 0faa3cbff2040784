import { readFile } from 'node:fs/promises';
import { createBaseModels, hubOfSettings } from '@agon/base-models';
import { AppError } from '@agon/contracts';
import { createLogger, readOrMakeSigningKey, Shutdown, systemClock } from '@agon/kit';
import { connectQueue } from '@agon/queue/producer';
import { startSchedule, startWorkers } from '@agon/queue/worker';
import { connectStores, fileArtifactStore } from '@agon/store';
import { z } from 'zod';
import { buildScheduler } from './build-scheduler.ts';
import { readSettings } from './config.ts';

const reconcileEveryMs = 10_000;

const settings = readSettings(process.env);
const log = createLogger({ name: 'scheduler', level: settings.LOG_LEVEL });
const shutdown = new Shutdown();

const readVersion = async (): Promise<string> =>
  z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))).version;

async function start(): Promise<void> {
  const clock = systemClock;
  const redisUrl = settings.REDIS_URL;
  const signingKey = await readOrMakeSigningKey(settings.SIGNING_KEY_FILE);
  const stores = await connectStores({ url: settings.MONGODB_URL, clock, log });
  shutdown.add('stores', () => stores.close());
  const queue = await connectQueue({ redisUrl, log });
  shutdown.add('queue', () => queue.close());
  const artifacts = fileArtifactStore({ folder: settings.ARTIFACTS_DIR });
  const versions = { agon: await readVersion() };
  const stopping = new AbortController();
  const hub = hubOfSettings(settings);
  const baseModels = createBaseModels({ stores, artifacts, hub, clock, log, stopping: stopping.signal });
  const handlers = buildScheduler({ stores, artifacts, queue, baseModels, clock, log, signingKey, versions });
  const schedule = startSchedule({ redisUrl, log, every: { reconcile: reconcileEveryMs } });
  shutdown.add('schedule', () => schedule.close());
  const workers = startWorkers({ redisUrl, log, handlers, clock });
  shutdown.add('workers', () => workers.close());
  shutdown.add('downloads', () => stopping.abort(new AppError('not_ready', 'The service shuts down.')));
  process.stdout.write(`${JSON.stringify({ ready: true, public_key: signingKey.publicKey })}\n`);
}

let ending: Promise<void> | undefined;

/** Closes everything once; a second signal while that lasts ends the process at once. */
function end(exitCode: number): void {
  if (ending) process.exit(1);
  ending = shutdown
    .run((step, error) => (error ? log.error({ err: error, step }, 'could not close') : log.debug({ step }, 'closed')))
    .then(() => process.exit(exitCode));
}

process.once('SIGTERM', () => end(0));
process.once('SIGINT', () => end(0));
if (settings.AGON_PARENT === '1') process.stdin.on('close', () => end(0)).resume();

try {
  await start();
} catch (error) {
  log.error({ err: error }, 'the scheduler could not start');
  end(1);
}
