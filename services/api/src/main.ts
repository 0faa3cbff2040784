import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { availableParallelism, hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hubOfSettings, pushHubOf } from '@agon/base-models';
import { limits } from '@agon/contracts';
import { ModelHosts } from '@agon/inference';
import {
  createLogger,
  idMaker,
  makeProcessFolder,
  readConfig,
  readVersion,
  runService,
  Shutdown,
  sealerOf,
  systemClock,
} from '@agon/kit';
import { OnnxPool, predictTable } from '@agon/onnx';
import { connectQueue } from '@agon/queue/producer';
import { connectStores, openArtifacts } from '@agon/store';
import { buildApp } from './app.ts';
import { baseModelResolver } from './base-models/base-model-resolver.ts';
import { ApiEnvironment } from './config.ts';
import { listen } from './http/http-server.ts';
import { datasetInspector } from './jobs/dataset-inspector.ts';
import { insertBootstrapKey } from './keys/bootstrap-key.ts';
import { createPushDesk } from './publish/push-desk.ts';

const closeMsMax = 10_000;
const predictMsMax = 20_000;
const pool = { childrenMax: 4, memoryMibMax: 2_048, idleMs: 10 * 60_000, waitingMax: 32 };
const addressShare = 10;
const threadsMax = 8;
const chatLimits = { modelsMax: 8, idleMs: 10 * 60_000, answersMax: 64 };
const chatSettings = {
  rowsMax: 16,
  cacheBytesMax: 2 ** 30,
  promptStepTokens: 128,
  newTokensMax: limits.chatTokensDefault,
};

const config = readConfig(ApiEnvironment, process.env);
const log = createLogger({ name: 'api', level: config.LOG_LEVEL });
const shutdown = new Shutdown();
const manifest = new URL('../package.json', import.meta.url);
const stopping = new AbortController();

async function start(): Promise<Record<string, unknown>> {
  const clock = systemClock;
  const stores = await connectStores({ url: config.MONGODB_URL, clock, log });
  shutdown.add('stores', () => stores.close());
  const queue = await connectQueue({ redisUrl: config.REDIS_URL, log });
  shutdown.add('queue', () => queue.close());
  const { artifacts, folder, close } = await openArtifacts(config, { clock, log });
  shutdown.add('artifacts', async () => close());
  const memoryMib = limits.scoringChildMemoryMib;
  const models = new OnnxPool({ ...pool, limits: { memoryMib, threads: 1, timeMs: predictMsMax } });
  shutdown.add('models', () => models.close());
  const servingFolder = await makeProcessFolder({
    parent: join(folder, 'serving'),
    machine: hostname(),
    pid: process.pid,
  });
  shutdown.add('serving folder', () => rm(servingFolder, { recursive: true, force: true }));
  const chat = new ModelHosts({
    folder: servingFolder,
    ...chatLimits,
    memoryMibMax: config.CHAT_MEMORY_MIB ?? Math.floor(totalmem() / 2 ** 21),
    settings: { ...chatSettings, threads: config.CHAT_THREADS ?? Math.min(availableParallelism(), threadsMax) },
  });
  shutdown.add('chat', () => chat.close());
  if (config.BOOTSTRAP_ADMIN_KEY) {
    await insertBootstrapKey(stores, config.BOOTSTRAP_ADMIN_KEY, new Date(clock.nowMs()));
  }
  const perMinute = config.REQUESTS_PER_MINUTE ?? limits.requestsPerMinuteMax;
  const sealer = await sealerOf(config);
  const pushDesk = createPushDesk({
    hubUrl: pushHubOf(config),
    hasToken: config.HF_TOKEN !== undefined,
    sealer,
  });
  const api = buildApp(
    {
      stores,
      artifacts,
      queue,
      clock,
      newId: idMaker(clock.nowMs),
      randomBytes,
      log,
      sealer,
      inspectDataset: datasetInspector(artifacts),
      resolveBaseModel: baseModelResolver({ stores, artifacts, clock, log }, hubOfSettings(config)),
      pushDesk,
      queueCounts: () => queue.counts(),
      chat,
      predict: ({ modelPath, ...table }) => models.use(modelPath, (child) => predictTable({ child, ...table })),
      stopping: stopping.signal,
      settings: {
        publicUrl: config.PUBLIC_URL ?? null,
        signingPublicKey: config.SIGNING_PUBLIC_KEY ?? null,
        fileBytesMax: Math.min(limits.fileBytesMax, limits.datasetBytesMax),
        webhookPrivateAddresses: config.WEBHOOK_PRIVATE_ADDRESSES,
        requestsPerMinuteMax: perMinute,
        requestsPerMinuteOfAddressMax: perMinute * addressShare,
        trustedProxies: config.TRUSTED_PROXIES,
        directDownloads: config.DIRECT_DOWNLOADS,
        version: await readVersion(manifest),
      },
    },
    { processMetrics: true },
  );
  shutdown.add('app', () => api.close());
  const http = await listen(api.app, { host: config.HOST, port: config.PORT });
  shutdown.add('http', () => http.close(closeMsMax));
  // Not ready as soon as it is told to end, and still answering until balancers have noticed.
  shutdown.add('drain', () => sleep(config.DRAIN_SECONDS * 1_000));
  shutdown.add('long polls', () => stopping.abort());
  return { url: config.PUBLIC_URL ?? http.url };
}

await runService({ name: 'api', log, shutdown, endsWithParent: config.AGON_PARENT, start });
