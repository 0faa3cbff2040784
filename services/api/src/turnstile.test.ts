import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turnstile } from './turnstile.ts';

const never = (): AbortSignal => new AbortController().signal;

test('never more than so many pass at a time, and all pass in their order', async () => {
  const turnstile = new Turnstile({ passingMax: 2, waitingMax: 100 });
  let passing = 0;
  let most = 0;
  const order: number[] = [];
  const work = async (number: number): Promise<number> => {
    order.push(number);
    passing += 1;
    most = Math.max(most, passing);
    await sleep(2);
    passing -= 1;
    return number;
  };
  const numbers = Array.from({ length: 20 }, (_, index) => index);
  const results = await Promise.all(numbers.map((number) => turnstile.pass(() => work(number), never())));
  expect(results).toEqual(numbers);
  expect(order).toEqual(numbers);
  expect(most).toBe(2);
});

test('a full line refuses, one that leaves the line makes room, and a failure lets the next pass', async () => {
  const turnstile = new Turnstile({ passingMax: 1, waitingMax: 1 });
  const leaving = new AbortController();
  const first = turnstile.pass(() => sleep(20).then(() => Promise.reject(new Error('failed'))), never());
  const second = turnstile.pass(async () => 'second', leaving.signal);
  await expect(turnstile.pass(async () => 'third', never())).rejects.toMatchObject({ code: 'rate_limited' });
  leaving.abort(new Error('left'));
  await expect(second).rejects.toThrow('left');
  const fourth = turnstile.pass(async () => 'fourth', never());
  await expect(first).rejects.toThrow('failed');
  expect(await fourth).toBe('fourth');
  expect(await turnstile.pass(async () => 'fifth', never())).toBe('fifth');
});
