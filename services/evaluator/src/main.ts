import { rm } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { limits } from '@agon/contracts';
import {
  createLogger,
  makeProcessFolder,
  readVersion,
  runService,
  Shutdown,
  serveHealth,
  systemClock,
} from '@agon/kit';
import { checkProvider, LanguageScorers } from '@agon/language';
import { connectQueue } from '@agon/queue/producer';
import { startWorkers } from '@agon/queue/worker';
import { connectStores, openArtifacts } from '@agon/store';
import { buildEvaluator } from './build-evaluator.ts';
import { readSettings } from './config.ts';
import { taskModules } from './tasks/task-modules.ts';

const patienceMs = 60 * 60_000;
/** A base model stays loaded this long without a submission on it. */
const scorerIdleMs = 120_000;

const scoringThreadsMax = 8;

const settings = readSettings(process.env);
const log = createLogger({ name: 'evaluator', level: settings.LOG_LEVEL });
const shutdown = new Shutdown();
const manifest = new URL('../package.json', import.meta.url);

async function start(): Promise<Record<string, unknown>> {
  await checkProvider(settings.EXECUTION_PROVIDER);
  const clock = systemClock;
  const redisUrl = settings.REDIS_URL;
  const stores = await connectStores({ url: settings.MONGODB_URL, clock, log });
  shutdown.add('stores', () => stores.close());
  const queue = await connectQueue({ redisUrl, log });
  shutdown.add('queue', () => queue.close());
  const { artifacts, folder, close } = await openArtifacts(settings, { clock, log });
  shutdown.add('artifacts', async () => close());
  const scoringFolder = await makeProcessFolder({
    parent: join(folder, 'scoring'),
    machine: hostname(),
    pid: process.pid,
  });
  shutdown.add('scoring folder', () => rm(scoringFolder, { recursive: true, force: true }));
  const scorers = new LanguageScorers({ folder: scoringFolder, idleMs: scorerIdleMs });
  const handlers = buildEvaluator({
    stores,
    artifacts,
    queue,
    scorers,
    clock,
    log,
    versions: { agon: await readVersion(manifest), node: process.versions.node },
    limits: {
      submissionBytesMax: limits.submissionBytesMax,
      scoringMsMax: settings.SCORING_SECONDS * 1_000,
      childMemoryMib: limits.scoringChildMemoryMib,
      threads: settings.SCORING_THREADS ?? Math.min(availableParallelism(), scoringThreadsMax),
      provider: settings.EXECUTION_PROVIDER,
      bootstrapResamples: limits.bootstrapResamples,
      patienceMs,
    },
    tasks: taskModules,
  });
  const workers = startWorkers({ redisUrl, log, handlers, clock });
  shutdown.add('workers', () => workers.close());
  // Before the workers: scoring a large model would keep them for long, and is done again by whoever comes next.
  shutdown.add('scorers', () => scorers.close());
  if (settings.HEALTH_PORT !== undefined) {
    const checks = { database: () => stores.ping(), queue: () => queue.ping() };
    const health = await serveHealth({ port: settings.HEALTH_PORT, checks });
    shutdown.add('health', () => health.close());
  }
  return {};
}

await runService({ name: 'evaluator', log, shutdown, endsWithParent: settings.AGON_PARENT === '1', start });
