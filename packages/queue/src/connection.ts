import { AppError } from '@agon/contracts';
import type { Clock, Log } from '@agon/kit';
import { Redis, type RedisOptions } from 'ioredis';

/** Every key of ours in Redis begins with it. */
export const defaultPrefix = 'agon';
/** How long a producer waits for an answer before it says `not_ready`. */
const answerMs = 3_000;

const reconnectDelayMs = (attempt: number): number => Math.min(2_000, 50 * 2 ** Math.min(attempt, 6));

const shared = { retryStrategy: reconnectDelayMs, connectTimeout: answerMs } satisfies RedisOptions;
/** Producers fail fast: their caller can answer "try later". */
const producerOptions = { ...shared, commandTimeout: answerMs, maxRetriesPerRequest: 2 } satisfies RedisOptions;
/** Workers and subscribers wait as long as it takes. */
const patientOptions = { ...shared, maxRetriesPerRequest: null } satisfies RedisOptions;

/** Opens a connection that comes back by itself; an outage is logged once. The caller closes it by `closeRedis`. */
export function openRedis(url: string, kind: 'producer' | 'patient', log: Log): Redis {
  const redis = new Redis(url, kind === 'producer' ? producerOptions : patientOptions);
  let lost = false;
  redis.on('error', (error: unknown) => {
    if (!lost) log.warn({ err: error }, 'redis is out of reach');
    lost = true;
  });
  redis.on('ready', () => {
    if (lost) log.info({}, 'redis is back');
    lost = false;
  });
  return redis;
}

const networkFault =
  /\b(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)\b|Connection is closed|Command timed out/;

/** Whether an error only says that the connection is lost, which `openRedis` logs already. */
export const saysConnectionLost = (error: unknown): boolean => networkFault.test(String(error));

/** Tells for how long a connection that was there is lost; 0 while it is there. */
export function watchLoss(redis: Redis, clock: Clock): () => number {
  let sinceMs: number | undefined;
  redis.on('close', () => {
    sinceMs ??= clock.nowMs();
  });
  redis.on('ready', () => {
    sinceMs = undefined;
  });
  return () => (sinceMs === undefined ? 0 : clock.nowMs() - sinceMs);
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
    throw outOfReach(error);
  } finally {
    clearTimeout(timer);
  }
}

export const outOfReach = (cause?: unknown): AppError =>
  new AppError('not_ready', 'The queue is out of reach.', { retryAfterSeconds: 2 }, cause);
