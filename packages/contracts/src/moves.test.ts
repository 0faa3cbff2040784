import { expect, test } from 'vitest';
import { isFinalJob, JobStatus, jobMoves } from './job-status.ts';
import { isFinalRun, RunStatus, runMoves } from './run-status.ts';

function reachable<S extends string>(moves: Readonly<Record<S, readonly S[]>>, from: S): Set<S> {
  const seen = new Set<S>([from]);
  for (const status of seen) for (const next of moves[status]) seen.add(next);
  return seen;
}

test('every status of a job can be reached from preparing', () => {
  expect([...reachable<JobStatus>(jobMoves, 'preparing')].sort()).toEqual([...JobStatus.options].sort());
});

test('from every status of a job a final one can be reached, and none is left', () => {
  for (const status of JobStatus.options) {
    expect([...reachable<JobStatus>(jobMoves, status)].some(isFinalJob)).toBe(true);
    if (isFinalJob(status)) expect(jobMoves[status]).toEqual([]);
  }
});

test('every status of a run can be reached from leased, and each leads to an end', () => {
  expect([...reachable<RunStatus>(runMoves, 'leased')].sort()).toEqual([...RunStatus.options].sort());
  for (const status of RunStatus.options)
    expect([...reachable<RunStatus>(runMoves, status)].some(isFinalRun)).toBe(true);
});

test('a job can be cancelled and fail from every state that is not final', () => {
  const alive = JobStatus.options.filter((status) => !isFinalJob(status));
  expect(alive.filter((status) => !(jobMoves[status] as readonly string[]).includes('cancelled'))).toEqual([]);
  expect(alive.filter((status) => !(jobMoves[status] as readonly string[]).includes('failed'))).toEqual([]);
});
