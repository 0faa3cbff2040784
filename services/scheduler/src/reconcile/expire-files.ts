import { nowDate, type SchedulerDeps } from '../scheduler-deps.ts';

const batch = 100;
const jobsMax = 1_000;

/** Deletes files whose time is over, unless a job still prepares from them. Answers how many it deleted. */
export async function expireFiles(deps: SchedulerDeps): Promise<number> {
  const expired = await deps.stores.files.listExpired({ now: nowDate(deps), limit: batch });
  if (expired.length === 0) return 0;
  const jobs = await deps.stores.jobs.list({ statuses: ['preparing'], limit: jobsMax });
  const inUse = new Set(jobs.map((job) => job.spec.training_file));
  const idle = jobs.length < jobsMax ? expired.filter((file) => !inUse.has(file.id)) : [];
  for (const file of idle) await deps.stores.files.delete(file.id);
  return idle.length;
}
