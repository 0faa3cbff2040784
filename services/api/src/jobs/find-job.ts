import { AppError, type Job, JobId, modelIdOfJob } from '@agon/contracts';
import type { JobRecord, Stores } from '@agon/store';
import { z } from 'zod';
import { jobWire } from './job-wire.ts';

export const JobParams = z.object({ job_id: JobId });

/** @throws AppError `job_not_found`, also where the job is another account's. */
export async function findJob(
  stores: Pick<Stores, 'jobs'>,
  owned: { jobId: string; accountId: string },
): Promise<JobRecord> {
  const job = await stores.jobs.find(owned.jobId);
  if (job?.accountId === owned.accountId) return job;
  throw new AppError('job_not_found', `There is no job ${owned.jobId}.`);
}

/** The job as its client reads it, with its seats and pushes as they are now. */
export async function readJob(stores: Pick<Stores, 'seats' | 'pushes'>, job: JobRecord): Promise<Job> {
  const pushes = await stores.pushes.listByModels([modelIdOfJob(job.id)]);
  return jobWire(job, await stores.seats.listByJob(job.id), pushes);
}
