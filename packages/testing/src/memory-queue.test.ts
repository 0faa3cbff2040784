import { expect, it } from 'vitest';
import { MemoryQueue } from './memory-queue.ts';

const jobId = 'job_00000001';

it('keeps what was added, once while it waits', async () => {
  const queue = new MemoryQueue();
  await queue.add('job.judge', { jobId });
  await queue.add('job.judge', { jobId });
  await queue.add('job.judge', { jobId }, { delayMs: 5 });
  await queue.add('job.publish', { jobId });
  expect(queue.ofQueue('job.judge').map(({ delayMs }) => delayMs)).toEqual([0, 5]);
  expect(queue.added).toHaveLength(3);
});

it('does what waits, and what that adds, but nothing that is delayed', async () => {
  const queue = new MemoryQueue();
  const done: string[] = [];
  await queue.add('job.prepare', { jobId });
  await queue.add('job.judge', { jobId }, { delayMs: 1 });
  await queue.drain({
    'job.prepare': async () => {
      done.push('prepare');
      await queue.add('job.baseline', { jobId });
      return 'done';
    },
    'job.baseline': async () => {
      done.push('baseline');
      return 'done';
    },
    'job.judge': async () => {
      done.push('judge');
      return 'done';
    },
  });
  expect(done).toEqual(['prepare', 'baseline']);
  expect(queue.added).toEqual([{ name: 'job.judge', payload: { jobId }, delayMs: 1 }]);
});

it('delivers signals at once, until the listener leaves', async () => {
  const queue = new MemoryQueue();
  const heard: string[] = [];
  const stop = queue.onSignal((signal) => heard.push(signal.kind));
  await queue.signal({ kind: 'seats', jobId });
  stop();
  await queue.signal({ kind: 'events', jobId });
  expect(heard).toEqual(['seats']);
  expect(queue.signals).toHaveLength(2);
});

it('refuses everything while it is away', async () => {
  const queue = new MemoryQueue();
  queue.away = true;
  await expect(queue.ping()).rejects.toMatchObject({ code: 'not_ready' });
  await expect(queue.add('job.judge', { jobId })).rejects.toMatchObject({ code: 'not_ready' });
});
