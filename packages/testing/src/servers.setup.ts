import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded } from '@agon/embedded';
import { silentLog } from '@agon/kit';
import { serverVariables } from './test-servers.ts';

/**
 * Before the medium tests: servers by the addresses in TEST_MONGODB_URL and TEST_REDIS_URL where both are set, else a
 * private Redis and the embedded MongoDB server, in a folder that is removed at the end.
 */
export async function setup(): Promise<() => Promise<void>> {
  const { TEST_MONGODB_URL: mongodb, TEST_REDIS_URL: redis } = process.env;
  if (mongodb && redis) {
    tell({ mongodb, redis });
    return async () => undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), 'agon-medium-'));
  const embedded = await startEmbedded({ folder, environment: process.env, log: silentLog });
  tell({ mongodb: mongodb ?? embedded.mongodbUrl, redis: redis ?? embedded.redisUrl });
  return async () => {
    await embedded.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

/** Test processes start later and inherit the environment. */
function tell(urls: { mongodb: string; redis: string }): void {
  process.env[serverVariables.mongodb] = urls.mongodb;
  process.env[serverVariables.redis] = urls.redis;
}
