import type { JobRecord } from '@agon/store';

type Filled = 'judgement' | 'result' | 'baseline' | 'parts' | 'dataset' | 'splitCommitment' | 'openedAt';

/** A job of which everything is known that its publication tells. */
export type JudgedJob = Omit<JobRecord, Filled> & { [K in Filled]: NonNullable<JobRecord[K]> };

/** A job whose task learns from a table, or from texts with classes. */
export type TableJob = JudgedJob & { table: NonNullable<JobRecord['table']> };

export const hasTable = (job: JudgedJob): job is TableJob => job.table !== null;

/** @throws Error where a field is missing that every judged job has: a fault of the service. */
export function judgedJob(job: JobRecord): JudgedJob {
  const { judgement, result, baseline, parts, dataset, splitCommitment, openedAt } = job;
  if (!judgement || !result || !baseline || !parts || !dataset || !splitCommitment || !openedAt) {
    throw new Error(`The job ${job.id} is being published without its judgement or its data.`);
  }
  return { ...job, judgement, result, baseline, parts, dataset, splitCommitment, openedAt };
}
