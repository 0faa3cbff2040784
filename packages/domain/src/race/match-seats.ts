import { type Capabilities, limits } from '@agon/contracts';
import { fitsNeeds } from './needs.ts';
import { enoughTimeLeft } from './race-times.ts';
import type { MatchableJob, RaceSeat } from './race-types.ts';

type Offer<S> = { readonly seat: S; readonly job: MatchableJob; readonly taken: number };

const isFree = (seat: RaceSeat): boolean => seat.status === 'open' || seat.status === 'lapsed';

/** Whether the job's race has time for another run. */
function hasTime(job: MatchableJob, nowMs: number): boolean {
  const deadlineMs = job.deadlineAt?.getTime() ?? null;
  if (deadlineMs === null) return job.waitUntil === null || nowMs < job.waitUntil.getTime();
  return enoughTimeLeft({ deadlineMs, nowMs, budgetMinutes: job.spec.budget.minutes });
}

const inPreference = (left: Offer<RaceSeat>, right: Offer<RaceSeat>): number =>
  left.taken - right.taken ||
  left.job.createdAt.getTime() - right.job.createdAt.getTime() ||
  (left.job.id === right.job.id ? 0 : left.job.id < right.job.id ? -1 : 1) ||
  Number(left.seat.status === 'lapsed') - Number(right.seat.status === 'lapsed') ||
  left.seat.index - right.seat.index;

/**
 * The free seats that a miner may take, best first: jobs with the fewest taken seats before others, so that every job
 * gets a racer before any gets its second; then the oldest job; in a job open seats before lapsed ones, whose old holder
 * may come back. To be claimed one after the other until a claim succeeds.
 *
 * @param input.seats free ones of any jobs; others among them are passed over.
 * @param input.jobs the jobs of these seats.
 * @param input.runsByJob how many runs the miner had in each job.
 * @param input.heldJobs jobs in which the miner holds a seat now.
 */
export function matchSeats<S extends RaceSeat>(input: {
  seats: readonly S[];
  jobs: readonly MatchableJob[];
  capabilities: Pick<Capabilities, 'memory_mib' | 'vram_mib' | 'cpus' | 'tasks'>;
  runsByJob: ReadonlyMap<string, number>;
  heldJobs: ReadonlySet<string>;
  nowMs: number;
}): S[] {
  const free = input.seats.filter(isFree);
  const freeByJob = new Map<string, number>();
  for (const seat of free) freeByJob.set(seat.jobId, (freeByJob.get(seat.jobId) ?? 0) + 1);
  const fitting = input.jobs.filter(
    (job) =>
      job.status === 'open' &&
      !job.goalReached &&
      !input.heldJobs.has(job.id) &&
      (input.runsByJob.get(job.id) ?? 0) < limits.runsPerMinerAndJobMax &&
      fitsNeeds(input.capabilities, job.needs, job.task) &&
      hasTime(job, input.nowMs),
  );
  const jobs = new Map(fitting.map((job) => [job.id, job]));
  const offers = free.flatMap((seat): Offer<S>[] => {
    const job = jobs.get(seat.jobId);
    return job ? [{ seat, job, taken: job.spec.budget.seats - (freeByJob.get(job.id) ?? 0) }] : [];
  });
  return offers.toSorted(inPreference).map((offer) => offer.seat);
}
