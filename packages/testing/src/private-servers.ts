import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@agon/embedded';
import { silentLog } from '@agon/kit';

/** A Redis that one test has for itself, to be emptied or stopped as it likes. */
export async function privateRedis(): Promise<{ redisUrl: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'agon-redis-'));
  const server = await startRedis({ folder, environment: process.env, log: silentLog });
  return {
    redisUrl: server.url,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
