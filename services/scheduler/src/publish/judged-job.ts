import type { JobRecord } from '@agon/store';

type Filled = 'judgement' | 'result' | 'baseline' | 'parts' | 'dataset' | 'table' | 'splitCommitment' | 'openedAt';

/** A job of which everything is known that its publication tells. */
export type JudgedJob = Omit<JobRecord, Filled> & { [K in Filled]: NonNullable<JobRecord[K]> };

/** @throws Error where a field is missing that every judged job has: a fault of the service. */
export function judgedJob(job: JobRecord): JudgedJob {
  const { judgement, result, baseline, parts, dataset, table, splitCommitment, openedAt } = job;
  if (!judgement || !result || !baseline || !parts || !dataset || !table || !splitCommitment || !openedAt) {
    throw new Error(`The job ${job.id} is being published without its judgement or its data.`);
  }
  return { ...job, judgement, result, baseline, parts, dataset, table, splitCommitment, openedAt };
}
