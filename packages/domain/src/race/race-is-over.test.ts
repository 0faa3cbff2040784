import { isFinalRun, type RunStatus, type SeatStatus } from '@agon/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jobOf, now, seatsOf, someRuns, startMs } from '../testing/races.ts';
import { deadlineMsOf, raceIsOver } from './race-is-over.ts';
import { enoughTimeLeft } from './race-times.ts';
import type { RaceJob } from './race-types.ts';
import { seatAfterFailure } from './seat-after-failure.ts';

const minute = 60_000;
const at = (minutes: number): Date => new Date(startMs + minutes * minute);
const job: RaceJob = {
  id: 'job_a',
  status: 'open',
  createdAt: at(-5),
  deadlineAt: at(10),
  waitUntil: at(5),
  graceSeconds: 60,
  goalReached: false,
  spec: { budget: { minutes: 10, seats: 2 } },
};

/** A look at a race: minutes since its first lease, the states of its seats and runs. */
function look(minutes: number, seats: SeatStatus[], runs: RunStatus[], change: Partial<RaceJob> = {}) {
  const state = raceIsOver({
    job: { ...job, ...change },
    seats: seats.map((status, index) => ({ id: `seat_${index}`, jobId: job.id, index, status })),
    runs: runs.map((status, index) => ({ id: `run_${index}`, status, createdAt: at(0) })),
    nowMs: at(minutes).getTime(),
  });
  return state.over ? state.reason : state.nextLookMs === null ? null : (state.nextLookMs - startMs) / minute;
}

describe('raceIsOver', () => {
  test('ends when the goal is reached', () => {
    expect(look(1, ['leased', 'closed'], ['training', 'scored'], { goalReached: true })).toBe('goal');
  });

  test('ends when every seat is closed and every run final', () => {
    expect(look(3, ['closed', 'closed'], ['scored', 'failed'])).toBe('all_seats_final');
    expect(look(3, ['closed', 'closed'], ['scored', 'scoring'])).toBe(10);
  });

  test('counts a free seat without enough time as final, and looks when that time comes', () => {
    const lastStart = 7.5;
    expect(look(3, ['closed', 'open'], ['scored'])).toBeCloseTo(lastStart, 4);
    expect(look(lastStart, ['closed', 'open'], ['scored'])).toBeCloseTo(lastStart, 4);
    expect(look(lastStart + 1e-4, ['closed', 'open'], ['scored'])).toBe('all_seats_final');
    expect(look(lastStart + 1e-4, ['closed', 'lapsed'], ['scored', 'expired'])).toBe('all_seats_final');
  });

  test('ends at the deadline when nobody works or waits for a score', () => {
    expect(look(9.9, ['leased', 'closed'], ['training', 'scored'])).toBe(10);
    expect(look(10, ['leased', 'closed'], ['training', 'scored'])).toBe(11);
    expect(look(10, ['closed', 'closed'], ['uploaded', 'scored'])).toBe(11);
    expect(look(10, ['leased', 'closed'], ['expired', 'scored'])).toBe('deadline');
  });

  test('ends after the grace time, whatever the runs do', () => {
    expect(look(11, ['leased', 'leased'], ['training', 'scoring'])).toBe('deadline');
  });

  test('waits for its first miner until the job gives up', () => {
    const none = { deadlineAt: null };
    expect(look(4, ['open', 'open'], [], none)).toBe(5);
    expect(look(5, ['open', 'open'], [], none)).toBe('nobody_came');
  });

  test('does not say that nobody came while a seat is leased, or a run has begun whose deadline was not written', () => {
    const none = { deadlineAt: null };
    expect(look(6, ['leased', 'open'], [], none)).toBe(null);
    expect(look(6, ['leased', 'leased'], ['training'], none)).toBe(10);
  });

  test('never ends a job that is paused or not open', () => {
    for (const status of ['paused', 'preparing', 'judging', 'succeeded'] as const)
      expect(look(100, ['closed'], ['scored'], { status, goalReached: true })).toBe(null);
  });

  const race = fc.record({ job: jobOf('job_a'), seats: seatsOf('job_a'), runs: someRuns, nowMs: now });

  test('once over by time alone, stays over', () => {
    fc.assert(
      fc.property(race, fc.nat(1_000_000), (given, laterMs) => {
        if (raceIsOver(given).over) expect(raceIsOver({ ...given, nowMs: given.nowMs + laterMs }).over).toBe(true);
      }),
    );
  });

  test('is over only at a moment that an earlier look named', () => {
    fc.assert(
      fc.property(race, (given) => {
        const state = raceIsOver(given);
        if (state.over) return;
        const lookMs = state.nextLookMs ?? given.nowMs + 1_000 * minute;
        expect(lookMs).toBeGreaterThan(given.nowMs);
        expect(raceIsOver({ ...given, nowMs: lookMs - 1 }).over).toBe(false);
      }),
    );
  });

  test('is over at the latest when following the named moments ends', () => {
    fc.assert(
      fc.property(race, (given) => {
        let nowMs = given.nowMs;
        for (let looks = 0; looks < 5; looks += 1) {
          const state = raceIsOver({ ...given, nowMs });
          if (state.over || state.nextLookMs === null) break;
          nowMs = state.nextLookMs;
        }
        const known = deadlineMsOf(given.job, given.runs) !== null || given.job.waitUntil !== null;
        const held = given.seats.some((seat) => seat.status === 'leased');
        const begun = deadlineMsOf(given.job, given.runs) !== null;
        if (given.job.status === 'open' && known && (begun || !held))
          expect(raceIsOver({ ...given, nowMs }).over).toBe(true);
      }),
    );
  });

  test('is never over before the deadline while a run lives, but for the goal', () => {
    fc.assert(
      fc.property(race, (given) => {
        const deadlineMs = deadlineMsOf(given.job, given.runs);
        fc.pre(deadlineMs !== null && given.nowMs < deadlineMs && !given.job.goalReached);
        fc.pre(given.runs.some((run) => !isFinalRun(run.status)));
        expect(raceIsOver(given).over).toBe(false);
      }),
    );
  });
});

describe('seatAfterFailure', () => {
  test('opens the seat again while attempts and time are left and the race goes on', () => {
    const after = (attempts: number, minutes: number, change: Partial<RaceJob> = {}) =>
      seatAfterFailure({ attempts, job: { ...job, ...change }, nowMs: at(minutes).getTime() });
    expect(after(1, 0)).toBe('open');
    expect(after(3, 7.5)).toBe('open');
    expect(after(4, 0)).toBe('closed');
    expect(after(1, 7.6)).toBe('closed');
    expect(after(1, 0, { goalReached: true })).toBe('closed');
    expect(after(1, 0, { status: 'judging' })).toBe('closed');
    expect(after(1, 0, { status: 'paused' })).toBe('open');
    expect(after(1, 100, { deadlineAt: null })).toBe('open');
  });

  test('never opens a seat that would not be offered', () => {
    fc.assert(
      fc.property(jobOf('job_a'), fc.nat(6), now, (given, attempts, nowMs) => {
        fc.pre(seatAfterFailure({ attempts, job: given, nowMs }) === 'open');
        const deadlineMs = given.deadlineAt?.getTime() ?? null;
        expect(enoughTimeLeft({ deadlineMs, nowMs, budgetMinutes: given.spec.budget.minutes })).toBe(true);
        expect(attempts).toBeLessThan(4);
      }),
    );
  });
});
