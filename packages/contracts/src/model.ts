import { z } from 'zod';
import { TableSchema } from './dataset.ts';
import { JobId, ModelId, RunId, Sha256, UnixSeconds } from './ids.ts';
import { JobResult } from './job.ts';
import { limits } from './limits.ts';
import { Push } from './publish.ts';
import { SubmissionPath } from './submission-path.ts';
import { TaskName } from './task.ts';

export const ModelFile = z.object({ path: SubmissionPath, bytes: z.int(), sha256: Sha256 }).meta({ id: 'ModelFile' });
export type ModelFile = z.infer<typeof ModelFile>;

/** Where in a model's files its merged form lies; on hubs it is a repo of its own. */
export const mergedFolder = 'merged/';
/** The repo of the merged form, beside that of the model. */
export const mergedRepoOf = (repo: string): string => `${repo}-merged`;

/** A published winner, in OpenAI's shape with ours added. */
export const Model = z
  .object({
    /** `ft:…` for models that were made from a base model, else as `model`. Both names work everywhere. */
    id: z.string(),
    object: z.literal('model'),
    model: ModelId,
    created: UnixSeconds,
    owned_by: z.string(),
    name: z.string(),
    task: TaskName,
    job: JobId,
    run: RunId,
    files: z.array(ModelFile),
    table: TableSchema.nullable(),
    result: JobResult,
    /** `org/name` of its repo in the service's own registry; null until it is there. */
    repo: z.string().nullable(),
    pushes: z.array(Push),
  })
  .meta({ id: 'Model' });
export type Model = z.infer<typeof Model>;

/** A base model in the list of models: what OpenAI's clients know of one. */
export const BaseModelEntry = z
  .object({ id: z.string(), object: z.literal('model'), created: UnixSeconds, owned_by: z.string() })
  .meta({ id: 'BaseModelEntry' });
export type BaseModelEntry = z.infer<typeof BaseModelEntry>;

/** Names a model: `model_…`, `ft:…`, or `org/name` of a base model. */
export const ModelReference = z.string().min(1).max(limits.modelReferenceCharactersMax);

/** Rows to predict: objects by column name. A missing or null value is a missing value. */
export const Predict = z
  .strictObject({
    rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))).min(1),
  })
  .meta({ id: 'Predict' });
export type Predict = z.infer<typeof Predict>;

export const Prediction = z
  .object({
    label: z.string().optional(),
    probabilities: z.record(z.string(), z.number()).optional(),
    value: z.number().optional(),
  })
  .meta({ id: 'Prediction' });
export type Prediction = z.infer<typeof Prediction>;

export const Predictions = z
  .object({ object: z.literal('list'), model: ModelId, data: z.array(Prediction) })
  .meta({ id: 'Predictions' });
export type Predictions = z.infer<typeof Predictions>;
