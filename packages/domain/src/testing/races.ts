import { JobStatus, RunStatus, SeatStatus } from '@agon/contracts';
import fc from 'fast-check';
import type { MatchableJob, RaceRun, RaceSeat } from '../race/race-types.ts';

/** All times of a generated race lie within 20 minutes of this. */
export const startMs = 1_800_000_000_000;
const time = fc.integer({ min: 0, max: 20 * 60 }).map((seconds) => new Date(startMs + seconds * 1_000));

export const now = time.map((date) => date.getTime());

export const jobOf = (id: string): fc.Arbitrary<MatchableJob> =>
  fc.record({
    id: fc.constant(id),
    status: fc.oneof({ weight: 4, arbitrary: fc.constant('open' as const) }, fc.constantFrom(...JobStatus.options)),
    createdAt: time,
    deadlineAt: fc.option(time),
    waitUntil: fc.option(time),
    graceSeconds: fc.integer({ min: 20, max: 300 }),
    goalReached: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
    spec: fc.record({
      budget: fc.record({
        minutes: fc.integer({ min: 1, max: 100 }).map((tenths) => tenths / 5),
        seats: fc.constant(3),
      }),
    }),
    task: fc.constantFrom('tabular-classification', 'tabular-regression'),
    needs: fc.record({
      memoryMib: fc.constantFrom(512, 1_024, 4_096),
      vramMib: fc.constantFrom(0, 8_192),
      cpus: fc.constantFrom(1, 4),
    }),
  });

export const seatsOf = (jobId: string): fc.Arbitrary<RaceSeat[]> =>
  fc
    .array(fc.constantFrom(...SeatStatus.options), { minLength: 3, maxLength: 3 })
    .map((statuses) => statuses.map((status, index) => ({ id: `${jobId}:${index}`, jobId, index, status })));

export const someRuns: fc.Arbitrary<RaceRun[]> = fc
  .array(fc.record({ status: fc.constantFrom(...RunStatus.options), createdAt: time }), { maxLength: 5 })
  .map((runs) => runs.map((run, index) => ({ id: `run_${index}`, ...run })));
