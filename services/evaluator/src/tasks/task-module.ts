import type { RejectionCode, TaskName } from '@agon/contracts';
import type { Outcome } from '@agon/domain';
import type { ArtifactStore, JobRecord, SubmissionRecord } from '@agon/store';

/** The submission is at fault: its run is rejected with this code and sentence. Anything else that is thrown is ours. */
export class SubmissionRejected extends Error {
  readonly code: RejectionCode;

  constructor(code: RejectionCode, message: string) {
    super(message);
    this.name = 'SubmissionRejected';
    this.code = code;
  }
}

/** A job whose dataset has been split. */
export type PreparedJob = JobRecord & { readonly parts: NonNullable<JobRecord['parts']> };

/** What something predicts on the two hidden parts, as all that the job's metric needs. */
export type HiddenOutcomes = { readonly selection: Outcome; readonly report: Outcome };

export type ScoredSubmission = HiddenOutcomes & {
  /** Every metric of the task on the selection rows. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, string>>;
};

export type TaskContext = { readonly artifacts: ArtifactStore };

/** What the evaluator must know of a task. A new task is a module and a row in the table of `main.ts`. */
export type TaskModule = {
  /** The dumb answer on both hidden parts. */
  readonly baseline: (context: TaskContext, job: PreparedJob) => Promise<HiddenOutcomes & { summary: string }>;
  /** @throws SubmissionRejected where the submission breaks the contract or a limit. */
  readonly score: (context: TaskContext, job: PreparedJob, submission: SubmissionRecord) => Promise<ScoredSubmission>;
};

export type TaskModules = Readonly<Record<TaskName, TaskModule>>;
