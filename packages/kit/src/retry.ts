import { setTimeout as sleep } from 'node:timers/promises';

export type RetryOptions = {
  readonly attemptsMax: number;
  readonly firstDelayMs: number;
  readonly delayMsMax: number;
  /** Whether an error may pass on a later try. */
  readonly retryable: (error: unknown) => boolean;
  readonly signal?: AbortSignal;
};

/** Tries again with a delay that doubles. Throws the last error, or the signal's reason. */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; attempt < options.attemptsMax; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      if (options.signal?.aborted || !options.retryable(error)) throw error;
    }
    const delayMs = Math.min(options.delayMsMax, options.firstDelayMs * 2 ** (attempt - 1));
    await sleep(delayMs, undefined, options.signal ? { signal: options.signal } : {});
  }
  return work(options.attemptsMax);
}
