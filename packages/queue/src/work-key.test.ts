import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dueMs, PayloadError, readPayload, workKey } from './work-key.ts';

it('names work by the ids of its payload', () => {
  expect(workKey({ jobId: 'job_1' })).toBe('job_1');
  expect(workKey({ b: '2', a: '1' })).toBe('1,2');
  expect(workKey({})).toBe('all');
});

it('lets work fall due at or shortly after the time that was asked for', () => {
  const time = fc.integer({ min: 0, max: 2 ** 45 });
  fc.assert(
    fc.property(time, fc.integer({ min: 1, max: 10 ** 9 }), (nowMs, delayMs) => {
      const late = dueMs(nowMs, delayMs) - (nowMs + delayMs);
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThan(250);
    }),
  );
});

it('refuses a payload that does not fit the catalog', () => {
  expect(readPayload('job.judge', { jobId: 'job_1' })).toEqual({ jobId: 'job_1' });
  expect(() => readPayload('job.judge', { jobId: 'job_1', extra: 1 })).toThrow(PayloadError);
  expect(() => readPayload('run.score', { jobId: 'job_1' })).toThrow(/run.score/);
});
