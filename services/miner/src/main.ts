import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger, readConfig, readOrMakeSigningKey, runService, Shutdown, systemClock } from '@agon/kit';
import { minerSettings } from './config.ts';
import { detectCapabilities } from './detect-capabilities.ts';
import { startMiner } from './miner.ts';

const config = readConfig(minerSettings, process.env);
const log = createLogger({ name: 'miner', level: config.LOG_LEVEL });
const shutdown = new Shutdown();

async function start(): Promise<Record<string, unknown>> {
  await mkdir(config.AGON_MINER_DIR, { recursive: true });
  const key = await readOrMakeSigningKey(join(config.AGON_MINER_DIR, 'identity.pem'));
  const detected = await detectCapabilities(config.AGON_MINER_DIR);
  const miner = await startMiner({
    baseUrl: config.AGON_URL,
    folder: config.AGON_MINER_DIR,
    key,
    name: config.AGON_MINER_NAME,
    templatesFolder: config.AGON_TEMPLATES_DIR,
    templates: config.AGON_TEMPLATES,
    trustsForeignCode: config.AGON_TRUST_FOREIGN_CODE,
    python: config.AGON_PYTHON,
    capabilities: {
      ...detected,
      cpus: config.AGON_CPUS ?? detected.cpus,
      memory_mib: config.AGON_MEMORY_MIB ?? detected.memory_mib,
    },
    concurrency: config.AGON_CONCURRENCY,
    baseModelsBytesMax: config.AGON_BASE_MODELS_GIB * 1024 ** 3,
    environment: process.env,
    log,
    clock: systemClock,
    newNonce: () => randomBytes(18).toString('base64url'),
  });
  shutdown.add('miner', miner.stop);
  return { miner: miner.minerId };
}

await runService({ name: 'miner', log, shutdown, endsWithParent: config.AGON_PARENT, start });
