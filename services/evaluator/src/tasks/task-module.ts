import type { Objective, TableSchema, TaskName, TextLimits } from '@agon/contracts';
import type { Outcome } from '@agon/domain';
import type { JobRecord, SubmissionRecord } from '@agon/store';
import type { EvaluatorDeps } from '../evaluator-deps.ts';

/** What of a job is measured: its hidden parts, what they hold, and by which metric. */
export type PreparedJob = {
  readonly id: string;
  readonly task: TaskName;
  readonly objective: Objective;
  /** What a row holds, for the tasks that predict a target. */
  readonly table: TableSchema | null;
  readonly text: TextLimits | null;
  readonly baseModel: JobRecord['baseModel'];
  readonly parts: NonNullable<JobRecord['parts']>;
};

export type Outcomes = { readonly selection: Outcome; readonly report: Outcome };

/** A submission's answers on both hidden parts. */
export type ScoredSubmission = Outcomes & {
  /** Every metric of the task on the selection rows. */
  readonly metrics: Record<string, number>;
  /** Versions of what ran the model. */
  readonly versions: Readonly<Record<string, string>>;
};

/** How the submissions of one kind of task are read and scored. */
export type TaskModule = {
  /** The dumb answer on both hidden parts, and what it does in words. */
  baseline(deps: EvaluatorDeps, job: PreparedJob): Promise<Outcomes & { readonly summary: string }>;
  /**
   * Checks the files of a submission and scores it.
   *
   * @throws OnnxRejection for a fault of the submission, any other error for one of the service.
   */
  score(
    deps: EvaluatorDeps,
    input: { readonly job: PreparedJob; readonly submission: SubmissionRecord },
  ): Promise<ScoredSubmission>;
};

export type TaskModules = Readonly<Record<TaskName, TaskModule>>;
