import { join } from 'node:path';
import type { Log } from './log.ts';
import { startMongo } from './mongo/start.ts';
import { startRedis } from './redis/start.ts';

export interface StartEmbeddedOptions {
  /** Everything is kept under it: `mongo/`, `redis/`, `tools/`. Only one process at a time may have it. */
  folder: string;
  /** Usually `process.env`: AGON_REDIS_SERVER, PATH, and what pip needs. */
  environment: NodeJS.ProcessEnv;
  log: Log;
}

export interface Embedded {
  mongodbUrl: string;
  redisUrl: string;
  /** Resolves with a sentence when one of the two ends, also by `stop`. */
  exited: Promise<string>;
  /** Ends both in good order. May be called twice. */
  stop(): Promise<void>;
}

/** Starts both servers. Throws AppError not_ready and leaves nothing running when one of them does not come up. */
export async function startEmbedded({ folder, environment, log }: StartEmbeddedOptions): Promise<Embedded> {
  const mongo = await startMongo({ folder: join(folder, 'mongo'), log });
  try {
    const redis = await startRedis({
      folder: join(folder, 'redis'),
      toolsFolder: join(folder, 'tools'),
      environment,
      log,
    });
    const exited = Promise.race([
      mongo.exited.then((how) => `the embedded MongoDB server ended with ${how}`),
      redis.exited.then((how) => `the embedded Redis server ended with ${how}`),
    ]);
    const stop = async (): Promise<void> => {
      await Promise.all([redis.stop(), mongo.stop()]);
    };
    return { mongodbUrl: mongo.url, redisUrl: redis.url, exited, stop };
  } catch (cause) {
    await mongo.stop();
    throw cause;
  }
}
