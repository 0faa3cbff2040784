import { anOpenJob, aSeat, builtAt, someCapabilities } from '@agon/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Asking, assignSeats } from './assign-seats.ts';
import type { OpenRaces } from './free-seats.ts';

const jobId = (number: number): string => `job_0000000${number}`;
const options = { nowMs: builtAt.getTime(), assignmentsMax: 32 };

/** Jobs with so many free seats each. */
function racesOf(free: readonly number[], heldJobs: OpenRaces['heldJobs'] = new Map()): OpenRaces {
  const jobs = free.map((_, index) => anOpenJob({ id: jobId(index), createdAt: new Date(builtAt.getTime() + index) }));
  const seats = free.flatMap((count, job) =>
    Array.from({ length: count }, (_, index) => aSeat({ id: `${jobId(job)}.${index}`, jobId: jobId(job), index })),
  );
  return { jobs: new Map(jobs.map((job) => [job.id, job])), free: seats, heldJobs };
}

const asking = (number: number, runs: Record<string, number> = {}, jobs = 5): Asking => {
  const capabilities = someCapabilities();
  const counted = Object.fromEntries(Array.from({ length: jobs }, (_, index) => [jobId(index), 0]));
  const runsByJob = new Map(Object.entries({ ...counted, ...runs }));
  return { minerId: `miner_${number}`, capabilities, machine: 'same', runsByJob };
};
const seatsOf = (plan: ReturnType<typeof assignSeats>): string[] => plan.assignments.map(({ seat }) => seat.id);

describe('giving seats away', () => {
  test('those in front of the line are served, each in another job first', () => {
    const plan = assignSeats([asking(1), asking(2), asking(3)], racesOf([3, 3]), options);
    expect(plan.assignments.map((each) => each.asking.minerId)).toEqual(['miner_1', 'miner_2', 'miner_3']);
    expect(new Set(plan.assignments.slice(0, 2).map(({ job }) => job.id)).size).toBe(2);
  });

  test('a miner that holds a seat of a job, or had its runs in it, gets none there', () => {
    const held = racesOf([3], new Map([['miner_1', new Set([jobId(0)])]]));
    const plan = assignSeats([asking(1), asking(2, { [jobId(0)]: 2 }), asking(3)], held, options);
    expect(plan.assignments.map((each) => each.asking.minerId)).toEqual(['miner_3']);
  });

  test('the same miner asking twice gets seats of two jobs', () => {
    const plan = assignSeats([asking(1), asking(1)], racesOf([2, 1]), options);
    expect(new Set(plan.assignments.map(({ job }) => job.id)).size).toBe(2);
  });

  test('who names a job gets a seat of that job or none, whatever memory it needs', () => {
    const races = racesOf([1, 1]);
    const job = races.jobs.get(jobId(1));
    if (job) job.needs = { memoryMib: 1e9, vramMib: 0, cpus: 1_000 };
    const line = [1, 2].map((number) => ({ ...asking(number), jobId: jobId(1), machine: 'named' }));
    const plan = assignSeats([...line, asking(3)], races, options);
    expect(plan.assignments.map((each) => [each.asking.minerId, each.job.id])).toEqual([
      ['miner_1', jobId(1)],
      ['miner_3', jobId(0)],
    ]);
  });

  test('who is not counted yet is named, and nobody behind it gets its seat', () => {
    const fresh = { ...asking(1), runsByJob: new Map<string, number>() };
    const plan = assignSeats([fresh, asking(2)], racesOf([1]), options);
    expect(plan.assignments).toEqual([]);
    expect(plan.uncounted).toEqual([{ asking: fresh, jobIds: [jobId(0)] }]);
  });

  test('no plan gives more seats away than it may', () => {
    const line = Array.from({ length: 20 }, (_, index) => asking(index));
    expect(seatsOf(assignSeats(line, racesOf([16]), { ...options, assignmentsMax: 5 }))).toHaveLength(5);
  });

  test('whatever is free and whoever asks, no seat is given twice and no miner has two of a job', () => {
    const frees = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 });
    const line = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 20 });
    fc.assert(
      fc.property(frees, line, (free, miners) => {
        const plan = assignSeats(
          miners.map((number) => asking(number)),
          racesOf(free),
          options,
        );
        const pairs = plan.assignments.map(({ asking: { minerId }, job }) => `${minerId} ${job.id}`);
        expect(new Set(seatsOf(plan)).size).toBe(plan.assignments.length);
        expect(new Set(pairs).size).toBe(pairs.length);
      }),
    );
  });
});
