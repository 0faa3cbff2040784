import { expect, test } from 'vitest';
import { usageOf } from './container-usage.ts';

const mib = 2 ** 20;
const answer = (cpuNanoseconds: number, stats?: object) => ({
  name: '/agon',
  cpu_stats: { cpu_usage: { total_usage: cpuNanoseconds, percpu_usage: null }, system_cpu_usage: 7 },
  memory_stats: { usage: 100 * mib, limit: 512 * mib, ...(stats && { stats }) },
});

test.each([
  ['control groups of version 1', { total_inactive_file: 30 * mib, inactive_file: 10 * mib }, 70],
  ['control groups of version 2', { inactive_file: 10 * mib, anon: 90 * mib }, 90],
  ['a daemon that tells no parts', undefined, 100],
])('the file cache is not counted as memory: %s', (_, stats, memoryMib) => {
  expect(usageOf(answer(0, stats), undefined, 0)?.usage).toEqual({ memory_mib: memoryMib, cpus: null });
});

test('cores are what was used since the last look', () => {
  const first = usageOf(answer(1e9), undefined, 1_000);
  expect(usageOf(answer(4e9), first?.look, 3_000)?.usage.cpus).toBe(1.5);
  expect(usageOf(answer(4e9), first?.look, 1_000)?.usage.cpus).toBeNull();
});

test.each([
  ['an empty body, as of a container that ends while it is asked', Buffer.alloc(0)],
  ['an answer without counters', { message: 'no such container' }],
  ['counters without figures, as of a container that has ended', { ...answer(0), memory_stats: {} }],
  ['nothing', undefined],
])('%s says nothing', (_, silent) => {
  expect(usageOf(silent, undefined, 0)).toBeUndefined();
});
