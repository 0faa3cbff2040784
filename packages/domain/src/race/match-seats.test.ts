import { limits } from '@agon/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jobOf, now, seatsOf, startMs } from '../testing/races.ts';
import { matchSeats } from './match-seats.ts';
import { deriveNeeds, fitsNeeds } from './needs.ts';
import { enoughTimeLeft, graceSeconds, leaseSilenceMs, runSeed } from './race-times.ts';
import type { MatchableJob, RaceSeat } from './race-types.ts';

const ids = ['job_a', 'job_b', 'job_c', 'job_d'];
const capabilities = fc.record({
  memory_mib: fc.constantFrom(512, 2_048, 8_192),
  vram_mib: fc.constantFrom(0, 16_384),
  cpus: fc.constantFrom(1, 8),
  tasks: fc
    .subarray(['tabular-classification', 'tabular-regression'] as const, { minLength: 1 })
    .map((tasks) => [...tasks]),
});
const market = fc.record({
  jobs: fc.tuple(...ids.map(jobOf)),
  seats: fc.tuple(...ids.map(seatsOf)).map((lists) => lists.flat()),
  capabilities,
  runsByJob: fc
    .array(fc.nat(3), { minLength: 4, maxLength: 4 })
    .map((counts) => new Map(ids.map((id, i) => [id, counts[i]!]))),
  heldJobs: fc.subarray(ids, { maxLength: 2 }).map((held) => new Set(held)),
  nowMs: now,
});

/** Whether a miner may have the seat, rule by rule. */
function allowed(given: typeof market extends fc.Arbitrary<infer M> ? M : never, seat: RaceSeat): boolean {
  const job = given.jobs.find(({ id }) => id === seat.jobId)!;
  const deadlineMs = job.deadlineAt?.getTime();
  const waits = job.waitUntil === null || given.nowMs < job.waitUntil.getTime();
  const { minutes } = job.spec.budget;
  return [
    seat.status === 'open' || seat.status === 'lapsed',
    job.status === 'open',
    !job.goalReached,
    !given.heldJobs.has(job.id),
    given.runsByJob.get(job.id)! < limits.runsPerMinerAndJobMax,
    given.capabilities.tasks.some((task) => task === job.task),
    given.capabilities.memory_mib >= job.needs.memoryMib,
    given.capabilities.vram_mib >= job.needs.vramMib,
    given.capabilities.cpus >= job.needs.cpus,
    deadlineMs === undefined ? waits : deadlineMs - given.nowMs >= Math.max(10_000, 0.25 * minutes * 60_000),
  ].every(Boolean);
}

describe('matchSeats', () => {
  test('offers exactly the seats that every rule allows, each once', () => {
    fc.assert(
      fc.property(market, (given) => {
        const offered = matchSeats(given).map(({ id }) => id);
        const wanted = given.seats.filter((seat) => allowed(given, seat)).map(({ id }) => id);
        expect(offered.toSorted()).toEqual(wanted.toSorted());
      }),
      { numRuns: 500 },
    );
  });

  test('does not depend on the order of seats and jobs', () => {
    fc.assert(
      fc.property(market, (given) => {
        const turned = { ...given, seats: given.seats.toReversed(), jobs: given.jobs.toReversed() };
        expect(matchSeats(turned)).toEqual(matchSeats(given));
      }),
    );
  });

  const at = (minutes: number): Date => new Date(startMs + minutes * 60_000);
  const job = (id: string, minutes: number): MatchableJob => ({
    id,
    status: 'open',
    createdAt: at(minutes),
    deadlineAt: null,
    waitUntil: at(1_000),
    graceSeconds: 60,
    goalReached: false,
    spec: { budget: { minutes: 10, seats: 2 } },
    task: 'tabular-regression',
    needs: { memoryMib: 512, vramMib: 0, cpus: 1 },
  });
  const seat = (jobId: string, index: number, status: RaceSeat['status'] = 'open'): RaceSeat => ({
    id: `${jobId}:${index}`,
    jobId,
    index,
    status,
  });
  const offers = (jobs: MatchableJob[], seats: RaceSeat[]): string[] =>
    matchSeats({
      jobs,
      seats,
      capabilities: { memory_mib: 512, vram_mib: 0, cpus: 1, tasks: ['tabular-regression'] },
      runsByJob: new Map(),
      heldJobs: new Set(),
      nowMs: startMs,
    }).map(({ id }) => id);

  test('prefers the oldest of jobs that nobody races in', () => {
    const seats = ['new', 'old'].flatMap((id) => [seat(id, 1), seat(id, 0)]);
    expect(offers([job('new', 2), job('old', 1)], seats)).toEqual(['old:0', 'old:1', 'new:0', 'new:1']);
  });

  test('gives a new job its first racer before an old one its second', () => {
    const seats = [seat('old', 1), seat('new', 0), seat('new', 1)];
    expect(offers([job('new', 2), job('old', 1)], seats)).toEqual(['new:0', 'new:1', 'old:1']);
  });

  test('prefers an open seat to one whose holder may come back', () => {
    expect(offers([job('a', 1)], [seat('a', 0, 'lapsed'), seat('a', 1)])).toEqual(['a:1', 'a:0']);
  });

  test('passes over a seat whose job is not given', () => {
    expect(offers([], [seat('a', 0)])).toEqual([]);
  });
});

describe('times and needs', () => {
  test('a quarter of the budget, and at least 10 s, must be left', () => {
    const left = (seconds: number, budgetMinutes: number): boolean =>
      enoughTimeLeft({ deadlineMs: seconds * 1_000, nowMs: 0, budgetMinutes });
    expect([left(150, 10), left(149, 10), left(10, 0.2), left(9.9, 0.2)]).toEqual([true, false, true, false]);
    expect(enoughTimeLeft({ deadlineMs: null, nowMs: 0, budgetMinutes: 1 })).toBe(true);
  });

  test('grace is a tenth of the budget between 20 s and 5 minutes', () => {
    expect([0.2, 1, 10, 30, 600].map(graceSeconds)).toEqual([20, 20, 60, 180, 300]);
  });

  test('a lease is lost after 4 beats and 120 s, whichever is later', () => {
    expect([1, 5, 30, 60].map(leaseSilenceMs)).toEqual([120_000, 120_000, 120_000, 240_000]);
  });

  test('every run has a seed of its own, the same each time, of 31 bits', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), fc.string(), (seed, run) => {
        expect(runSeed(seed, run)).toBe(runSeed(seed, run));
        expect(runSeed(seed, run)).toSatisfy(
          (value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 31,
        );
      }),
    );
    const seeds = Array.from({ length: 1_000 }, (_, index) => runSeed(7, `run_${index}`));
    expect(new Set(seeds).size).toBe(1_000);
  });

  test('more data never needs less, and what it needs can be had by a machine of that size', () => {
    const size = fc.record({ trainBytes: fc.nat(1e9), rows: fc.nat(2e6), columns: fc.nat(2_000) });
    fc.assert(
      fc.property(size, size, (left, right) => {
        const task = 'tabular-regression';
        const less = deriveNeeds({ task, ...left });
        const more = deriveNeeds({
          task,
          trainBytes: left.trainBytes + right.trainBytes,
          rows: left.rows + right.rows,
          columns: left.columns + right.columns,
        });
        expect(more.memoryMib).toBeGreaterThanOrEqual(less.memoryMib);
        const machine = {
          memory_mib: less.memoryMib,
          vram_mib: less.vramMib,
          cpus: less.cpus,
          tasks: [task as typeof task],
        };
        expect(fitsNeeds(machine, less, task)).toBe(true);
        expect(fitsNeeds({ ...machine, memory_mib: less.memoryMib - 1 }, less, task)).toBe(false);
        expect(fitsNeeds(machine, less, 'tabular-classification')).toBe(false);
      }),
    );
  });
});
