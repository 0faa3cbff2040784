import type { JobRecord, SeatRecord, Stores } from '@agon/store';

const pageItems = 100;
const pagesMax = 10;

/** What one look finds: open jobs, their free seats, and in which of them each miner holds a seat. */
export type OpenRaces = {
  readonly jobs: ReadonlyMap<string, JobRecord>;
  readonly free: readonly SeatRecord[];
  readonly heldJobs: ReadonlyMap<string, ReadonlySet<string>>;
};

async function openJobs(stores: Pick<Stores, 'jobs'>): Promise<JobRecord[]> {
  const jobs: JobRecord[] = [];
  for (let page = 0; page < pagesMax; page += 1) {
    const found = await stores.jobs.list({ statuses: ['open'], limit: pageItems, after: jobs.at(-1)?.id });
    jobs.push(...found);
    if (found.length < pageItems) break;
  }
  return jobs;
}

/** Looks at every open race at once, however many miners wait. */
export async function readOpenRaces(stores: Pick<Stores, 'jobs' | 'seats'>): Promise<OpenRaces> {
  // Most looks find nothing, and then this is all that they read.
  const some = await stores.seats.listFree({ limit: 1 });
  const jobs = some.length > 0 ? await openJobs(stores) : [];
  const seats = jobs.length > 0 ? await stores.seats.listByJobs(jobs.map((job) => job.id)) : [];
  const heldJobs = new Map<string, Set<string>>();
  for (const { minerId, jobId, status } of seats) {
    if (minerId === null || (status !== 'leased' && status !== 'lapsed')) continue;
    const held = heldJobs.get(minerId) ?? new Set();
    heldJobs.set(minerId, held.add(jobId));
  }
  return {
    jobs: new Map(jobs.map((job) => [job.id, job])),
    free: seats.filter((seat) => seat.status === 'open' || seat.status === 'lapsed'),
    heldJobs,
  };
}
