import { expect, test } from 'vitest';
import { retry } from './retry.ts';

const options = { attemptsMax: 3, firstDelayMs: 1, delayMsMax: 2, retryable: () => true };

test('work that succeeds at the third try is tried three times', async () => {
  const attempts: number[] = [];
  const work = async (attempt: number): Promise<string> => {
    attempts.push(attempt);
    if (attempt < 3) throw new Error('not yet');
    return 'done';
  };
  expect(await retry(work, options)).toBe('done');
  expect(attempts).toEqual([1, 2, 3]);
});

test('an error that cannot pass is thrown at once', async () => {
  let tries = 0;
  const work = async (): Promise<never> => {
    tries += 1;
    throw new TypeError('never');
  };
  await expect(retry(work, { ...options, retryable: (error) => !(error instanceof TypeError) })).rejects.toThrow(
    'never',
  );
  expect(tries).toBe(1);
});
