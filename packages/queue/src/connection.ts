import { AppError } from '@agon/contracts';
import type { Log } from '@agon/kit';
import { Redis, type RedisOptions } from 'ioredis';

/** Every key of ours in Redis begins with it. */
export const defaultPrefix = 'agon';
/** How long a producer waits for Redis before it answers `not_ready`. */
export const answerMs = 3_000;

const reconnectDelayMs = (attempt: number): number => Math.min(2_000, 50 * 2 ** Math.min(attempt, 6));

const shared = { retryStrategy: reconnectDelayMs, connectTimeout: answerMs } satisfies RedisOptions;
/** Producers fail fast: their caller can answer "try later". */
const producerOptions = { ...shared, commandTimeout: answerMs, maxRetriesPerRequest: 2 } satisfies RedisOptions;
/** Workers and subscribers wait as long as it takes. */
const patientOptions = { ...shared, maxRetriesPerRequest: null } satisfies RedisOptions;

/** Opens a connection that comes back by itself. The caller closes it by `closeRedis`. */
export function openRedis(url: string, kind: 'producer' | 'patient', log: Log): Redis {
  const redis = new Redis(url, kind === 'producer' ? producerOptions : patientOptions);
  redis.on('error', (error: unknown) => log.warn({ err: error }, 'the redis connection failed'));
  return redis;
}

/** Ends a connection, in order where Redis answers and at once where it does not. */
export async function closeRedis(redis: Redis): Promise<void> {
  if (redis.status === 'ready') await bounded(redis.quit()).catch(() => undefined);
  redis.disconnect();
}

/** Work that needs Redis, within a bound. @throws AppError `not_ready` where it fails or takes too long. */
export async function bounded<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis did not answer within ${answerMs} ms.`)), answerMs);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw new AppError('not_ready', 'The queue is out of reach.', { retryAfterSeconds: 2 }, error);
  } finally {
    clearTimeout(timer);
  }
}
