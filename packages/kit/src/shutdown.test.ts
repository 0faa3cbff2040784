import { expect, test } from 'vitest';
import { Shutdown } from './shutdown.ts';

test('steps close in the reverse order, past one that fails, and only once', async () => {
  const closed: string[] = [];
  const shutdown = new Shutdown();
  shutdown.add('database', () => closed.push('database'));
  shutdown.add('redis', () => Promise.reject(new Error('gone')));
  shutdown.add('http', () => closed.push('http'));
  const reported: string[] = [];
  const report = (name: string, error?: unknown): void => {
    reported.push(error ? `${name}!` : name);
  };
  await Promise.all([shutdown.run(report), shutdown.run(report)]);
  expect(reported).toEqual(['http', 'redis!', 'database']);
  expect(closed).toEqual(['http', 'database']);
});
