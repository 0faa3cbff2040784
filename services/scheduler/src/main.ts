import { randomBytes } from 'node:crypto';
import { createBaseModels, hubOfSettings, pushHubOf } from '@agon/base-models';
import { AppError } from '@agon/contracts';
import { buildHub } from '@agon/hub';
import {
  createLogger,
  idMaker,
  readOrMakeSigningKey,
  readVersion,
  runService,
  Shutdown,
  sealerOf,
  serveHealth,
  systemClock,
} from '@agon/kit';
import { connectQueue } from '@agon/queue/producer';
import { startSchedule, startWorkers } from '@agon/queue/worker';
import { connectStores, openArtifacts } from '@agon/store';
import { buildScheduler } from './build-scheduler.ts';
import { readSettings } from './config.ts';
import { createWinnerFiles } from './publish/files/winner-files.ts';
import { ownRegistry } from './push/registry.ts';
import { eventPoster } from './webhook/post-event.ts';

const reconcileEveryMs = 10_000;

const settings = readSettings(process.env);
const log = createLogger({ name: 'scheduler', level: settings.LOG_LEVEL });
const shutdown = new Shutdown();
const manifest = new URL('../package.json', import.meta.url);

async function start(): Promise<Record<string, unknown>> {
  const clock = systemClock;
  const redisUrl = settings.REDIS_URL;
  const signingKey = await readOrMakeSigningKey(settings.SIGNING_KEY_FILE);
  const stores = await connectStores({ url: settings.MONGODB_URL, clock, log });
  shutdown.add('stores', () => stores.close());
  const queue = await connectQueue({ redisUrl, log });
  shutdown.add('queue', () => queue.close());
  const { artifacts, close } = await openArtifacts(settings, { clock, log });
  shutdown.add('artifacts', async () => close());
  const versions = { agon: await readVersion(manifest) };
  const stopping = new AbortController();
  const baseModels = createBaseModels({
    ...{ stores, artifacts, clock, log },
    hub: hubOfSettings(settings),
    stopping: stopping.signal,
  });
  const ownHub = buildHub({ stores, artifacts, clock, newId: idMaker(clock.nowMs), randomBytes, log });
  const postEvent = eventPoster({ privateAddresses: settings.WEBHOOK_PRIVATE_ADDRESSES });
  const pushUrl = pushHubOf(settings);
  const handlers = buildScheduler({
    ...{ stores, artifacts, queue, baseModels, postEvent, clock, log, signingKey, versions },
    winnerFiles: createWinnerFiles({ artifacts }),
    registry: ownRegistry(ownHub, settings.PUBLIC_URL ?? ''),
    pushHub: pushUrl === null ? null : { url: pushUrl, token: settings.HF_TOKEN ?? null, fetch },
    sealer: await sealerOf(settings),
    publicUrl: settings.PUBLIC_URL ?? null,
    stopping: stopping.signal,
  });
  const schedule = startSchedule({ redisUrl, log, every: { reconcile: reconcileEveryMs } });
  shutdown.add('schedule', () => schedule.close());
  const workers = startWorkers({ redisUrl, log, handlers, clock });
  shutdown.add('workers', () => workers.close());
  shutdown.add('downloads', () => stopping.abort(new AppError('not_ready', 'The service shuts down.')));
  if (settings.HEALTH_PORT !== undefined) {
    const checks = { database: () => stores.ping(), queue: () => queue.ping() };
    const health = await serveHealth({ port: settings.HEALTH_PORT, checks });
    shutdown.add('health', () => health.close());
  }
  return { public_key: signingKey.publicKey };
}

await runService({ name: 'scheduler', log, shutdown, endsWithParent: settings.AGON_PARENT === '1', start });
