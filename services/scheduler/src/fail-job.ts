import { type ErrorCode, errorTable, type JobStatus } from '@agon/contracts';
import type { JobChange, JobRecord } from '@agon/store';
import { announceEvents } from './announce.ts';
import { nowDate, type SchedulerDeps } from './scheduler-deps.ts';
import { askForWebhooks } from './webhook/plan-webhooks.ts';

export type JobFailing = {
  readonly job: Pick<JobRecord, 'id'>;
  readonly from: JobStatus;
  readonly code: ErrorCode;
  /** What happened and what to do about it. */
  readonly message: string;
  readonly problems?: readonly unknown[];
  readonly set?: JobChange;
};

/** Ends a job with a code and a sentence. Answers undefined where it had left `from` already. */
export async function failJob(deps: SchedulerDeps, failing: JobFailing): Promise<JobRecord | undefined> {
  const { code, message } = failing;
  const problems = failing.problems?.length ? { problems: [...failing.problems] } : {};
  const failed = await deps.stores.jobs.move({
    jobId: failing.job.id,
    from: failing.from,
    to: 'failed',
    set: { ...failing.set, finishedAt: nowDate(deps), failure: { code, message, ...problems } },
    event: { type: 'job.failed', level: 'error', message, key: 'job.failed', data: { code, ...problems } },
  });
  if (!failed) return undefined;
  await announceEvents(deps, failed.id);
  await askForWebhooks(deps, failed.id);
  return failed;
}

/** The sentence with the error table's advice behind it. */
export const withAdvice = (code: ErrorCode, message: string): string => `${message} ${errorTable[code].help}`;
