import { AppError, type FineTuningJob, isFineTuningTask } from '@agon/contracts';
import type { JobRecord } from '@agon/store';
import type { RouteDeps } from '../deps.ts';
import { findJob } from '../jobs/find-job.ts';
import { fineTuningWire } from './fine-tuning-wire.ts';

/**
 * A job of the account that fine-tunes a language model, whoever's words it was created in.
 *
 * @throws AppError `job_not_found`, also for jobs on tables.
 */
export async function findFineTuningJob(
  deps: Pick<RouteDeps, 'stores'>,
  owned: { jobId: string; accountId: string },
): Promise<JobRecord> {
  const job = await findJob(deps.stores, owned);
  if (isFineTuningTask(job.task)) return job;
  throw new AppError('job_not_found', `The job ${job.id} is for ${job.task}; read it at /v1/jobs/${job.id}.`);
}

/** Jobs in OpenAI's words. */
export async function readFineTuningJobs(
  { stores }: Pick<RouteDeps, 'stores'>,
  accountId: string,
  jobs: readonly JobRecord[],
): Promise<FineTuningJob[]> {
  const organisation = await stores.namespaces.claim({ accountId, wanted: 'user' });
  return Promise.all(
    jobs.map(async (job) => {
      const model = job.modelId === null ? undefined : await stores.models.find(job.modelId);
      return fineTuningWire(job, { fineTunedModel: model?.alias ?? model?.id ?? job.modelId, organisation });
    }),
  );
}

export async function readFineTuningJob(deps: Pick<RouteDeps, 'stores'>, job: JobRecord): Promise<FineTuningJob> {
  const [wire] = await readFineTuningJobs(deps, job.accountId, [job]);
  return wire as FineTuningJob;
}
