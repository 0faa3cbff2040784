import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createLogger,
  readConfig,
  readOrMakeSigningKey,
  runService,
  Shutdown,
  serveHealth,
  systemClock,
} from '@agon/kit';
import { minerSettings } from './config.ts';
import { startMiner } from './miner.ts';
import { detectCapabilities } from './resources/detect-capabilities.ts';
import { offered } from './resources/offer.ts';
import { makeRunner } from './runner/make-runner.ts';

const config = readConfig(minerSettings, process.env);
const log = createLogger({ name: 'miner', level: config.LOG_LEVEL });
const shutdown = new Shutdown();

async function start(): Promise<Record<string, unknown>> {
  await mkdir(config.AGON_MINER_DIR, { recursive: true });
  const key = await readOrMakeSigningKey(join(config.AGON_MINER_DIR, 'identity.pem'));
  const detected = await detectCapabilities(config.AGON_MINER_DIR);
  const runner = await makeRunner({
    kind: config.AGON_RUNNER,
    image: config.AGON_IMAGE,
    python: config.AGON_PYTHON,
    templatesFolder: config.AGON_TEMPLATES_DIR,
    environment: process.env,
    folder: config.AGON_MINER_DIR,
    clock: systemClock,
    log,
    onProgress: (text) => log.info({ image: text }, 'getting an image'),
  });
  const miner = await startMiner({
    baseUrl: config.AGON_URL,
    folder: config.AGON_MINER_DIR,
    runner,
    key,
    name: config.AGON_MINER_NAME,
    templatesFolder: config.AGON_TEMPLATES_DIR,
    templates: config.AGON_TEMPLATES,
    trustsForeignCode: config.AGON_TRUST_FOREIGN_CODE,
    capabilities: offered(detected, {
      cpus: config.AGON_CPUS,
      memoryMib: config.AGON_MEMORY_MIB,
      gpus: config.AGON_GPUS,
    }),
    sharesGpus: config.AGON_SHARE_GPUS,
    concurrency: config.AGON_CONCURRENCY,
    baseModelsBytesMax: config.AGON_BASE_MODELS_GIB * 1024 ** 3,
    environment: process.env,
    log,
    clock: systemClock,
    newNonce: () => randomBytes(18).toString('base64url'),
  });
  shutdown.add('miner', miner.stop);
  if (config.HEALTH_PORT !== undefined) {
    const health = await serveHealth({ port: config.HEALTH_PORT, checks: {} });
    shutdown.add('health', () => health.close());
  }
  return { miner: miner.minerId };
}

await runService({ name: 'miner', log, shutdown, endsWithParent: config.AGON_PARENT, start });
