import { JobId } from '@agon/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { idMaker } from './new-id.ts';

test('a later id sorts after an earlier one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1, max: 1e9 }), (nowMs, laterMs) => {
      const earlier = idMaker(() => nowMs)('job');
      const later = idMaker(() => nowMs + laterMs)('job');
      expect(earlier < later).toBe(true);
    }),
  );
});

test('an id has the form that the API accepts', () => {
  expect(JobId.safeParse(idMaker(() => 1_790_000_000_000)('job')).success).toBe(true);
});

test('ten thousand ids of one instant differ', () => {
  const make = idMaker(() => 0);
  expect(new Set(Array.from({ length: 10_000 }, () => make('run'))).size).toBe(10_000);
});
