import { z } from 'zod';
import { BaseModelName } from './base-model.ts';
import { DatasetReport, TableSchema } from './dataset.ts';
import { FileId, JobId, ModelId, RunId, Sha256, UnixSeconds } from './ids.ts';
import { JobStatus } from './job-status.ts';
import { limits } from './limits.ts';
import { Metadata } from './metadata.ts';
import { Direction, MetricName, Objective } from './metric.ts';
import { CreatePublish, Push } from './publish.ts';
import { TaskName } from './task.ts';
import { TextColumns, TextLimits } from './text.ts';

export const Budget = z
  .strictObject({
    /** Minutes of racing, from the first lease. */
    minutes: z.number().min(limits.jobMinutesMin).max(limits.jobMinutesMax),
    seats: z.int().min(1).max(limits.seatsMax).default(3),
    /** How long the job may wait for its first miner. */
    wait_minutes: z
      .number()
      .min(0.1)
      .max(limits.jobWaitMinutesMax)
      .default(24 * 60),
  })
  .meta({ id: 'Budget' });
export type Budget = z.infer<typeof Budget>;

/** What a client posts to create a job. */
export const CreateJob = z
  .strictObject({
    training_file: FileId,
    /** Inferred from the columns and the target where it is left out. */
    task: TaskName.optional(),
    /** The column to predict, for the tasks that have one. */
    target: z.string().min(1).max(1_000).optional(),
    /** What to start from, for text tasks. */
    base_model: BaseModelName.optional(),
    /** Which columns of the file hold what, where they are not called so already. */
    columns: TextColumns.default({}),
    text: z.strictObject({ max_tokens: z.int().min(16).max(limits.textTokensMax).optional() }).default({}),
    /** Columns that models must not see, such as row numbers. */
    ignore_columns: z.array(z.string()).max(limits.datasetColumnsMax).default([]),
    objective: z.strictObject({ metric: MetricName.optional(), goal: z.number().optional() }).default({}),
    budget: Budget.default({ minutes: 10, seats: 3, wait_minutes: 24 * 60 }),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .optional(),
    suffix: z
      .string()
      .max(limits.suffixCharactersMax)
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
        'has letters, digits, dot, dash and underscore, and begins with a letter or digit',
      )
      .optional(),
    metadata: Metadata.default({}),
    publish: CreatePublish.default({ private: true, merged: false, onnx: true }),
  })
  .meta({ id: 'CreateJob' });
export type CreateJob = z.infer<typeof CreateJob>;

/** A score with its doubt: the percentile bootstrap's interval over the rows. */
export const Score = z
  .object({ value: z.number(), ci95: z.tuple([z.number(), z.number()]), rows: z.int() })
  .meta({ id: 'Score' });
export type Score = z.infer<typeof Score>;

/** How two things scored on the same rows differ; positive means better than the other. */
export const Gain = z.object({ value: z.number(), ci95: z.tuple([z.number(), z.number()]) }).meta({ id: 'Gain' });
export type Gain = z.infer<typeof Gain>;

export const JobFailure = z
  .object({ code: z.string(), message: z.string(), problems: z.array(z.unknown()).optional() })
  .meta({ id: 'JobFailure' });
export type JobFailure = z.infer<typeof JobFailure>;

/** The end of a race: who won and by what, measured on the rows that did not choose. */
export const JobResult = z
  .object({
    winner: z.object({ run: RunId, miner: z.string(), miner_name: z.string(), template: z.string() }),
    metric: MetricName,
    direction: Direction,
    selection: Score,
    report: Score,
    baseline: z.object({ selection: z.number(), report: z.number() }),
    /** The winner's gain over the baseline on the report rows. */
    gain: Gain,
    model: ModelId.nullable(),
  })
  .meta({ id: 'JobResult' });
export type JobResult = z.infer<typeof JobResult>;

/** A job as a client reads it. */
export const Job = z
  .object({
    id: JobId,
    object: z.literal('job'),
    status: JobStatus,
    created_at: UnixSeconds,
    opened_at: UnixSeconds.nullable(),
    /** When training must end; set by the first lease. */
    deadline_at: UnixSeconds.nullable(),
    finished_at: UnixSeconds.nullable(),
    task: TaskName,
    /** Why `task` was chosen, where the client left it out. */
    task_inferred: z.string().nullable(),
    target: z.string().nullable(),
    base_model: z.object({ name: z.string(), revision: z.string(), why: z.string().nullable() }).nullable(),
    text: TextLimits.nullable(),
    objective: Objective,
    budget: Budget,
    seed: z.int(),
    suffix: z.string().nullable(),
    metadata: Metadata,
    training_file: FileId,
    dataset: DatasetReport.nullable(),
    table: TableSchema.nullable(),
    /** Published when the job opens, so that the split cannot be moved afterwards. */
    split_commitment: Sha256.nullable(),
    baseline: z.object({ value: z.number(), summary: z.string() }).nullable(),
    seats: z.object({ total: z.int(), open: z.int(), racing: z.int(), done: z.int() }),
    result: JobResult.nullable(),
    model: ModelId.nullable(),
    /** What was asked for; a token is never in it. */
    publish: z.object({
      repo: z.string().nullable(),
      private: z.boolean(),
      merged: z.boolean(),
      onnx: z.boolean(),
    }),
    /** Where the winner goes, and how far that is. */
    pushes: z.array(Push),
    error: JobFailure.nullable(),
  })
  .meta({ id: 'Job' });
export type Job = z.infer<typeof Job>;

/** The answer of POST /v1/jobs/validate. */
export const JobEstimate = z
  .object({
    object: z.literal('job.validation'),
    valid: z.boolean(),
    task: TaskName.nullable(),
    task_inferred: z.string().nullable(),
    base_model: z.object({ name: z.string(), revision: z.string(), why: z.string().nullable() }).nullable(),
    objective: Objective.nullable(),
    dataset: DatasetReport.nullable(),
    problems: z.array(z.unknown()),
    error: JobFailure.nullable(),
    estimate: z
      .object({
        race_minutes_max: z.number(),
        seats: z.int(),
        miners_that_fit: z.int(),
        memory_mib: z.int(),
        /** One pass over the training rows on two CPU cores, about; null where there is no base model to train. */
        epoch_minutes: z.number().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'JobEstimate' });
export type JobEstimate = z.infer<typeof JobEstimate>;
