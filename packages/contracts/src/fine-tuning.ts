import { z } from 'zod';
import { EventLevel } from './event.ts';
import { FileId, UnixSeconds } from './ids.ts';
import { limits } from './limits.ts';
import { Metadata } from './metadata.ts';

/** OpenAI's fine-tuning API over our jobs; shapes of its SDK's `resources/fine-tuning`. */

const number = z.union([z.literal('auto'), z.number()]);
const hyperparameters = {
  batch_size: number.optional(),
  learning_rate_multiplier: number.optional(),
  n_epochs: number.optional(),
};
const Hyperparameters = z.object(hyperparameters);

export const FineTuningMethod = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('supervised'),
    supervised: z.object({ hyperparameters: Hyperparameters.optional() }).optional(),
  }),
  z.object({
    type: z.literal('dpo'),
    dpo: z.object({ hyperparameters: Hyperparameters.extend({ beta: number.optional() }).optional() }).optional(),
  }),
  z.object({ type: z.literal('reinforcement'), reinforcement: z.looseObject({}).optional() }),
]);
export type FineTuningMethod = z.infer<typeof FineTuningMethod>;

export const CreateFineTuningJob = z
  .object({
    /** A base model of ours, `org/name`, `org/name@revision` or `auto`. */
    model: z.string().min(1).max(limits.modelReferenceCharactersMax),
    training_file: FileId,
    validation_file: FileId.nullish(),
    method: FineTuningMethod.optional(),
    hyperparameters: Hyperparameters.optional(),
    suffix: z.string().max(limits.suffixCharactersMax).nullish(),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .nullish(),
    metadata: Metadata.nullish(),
    integrations: z.array(z.unknown()).max(10).nullish(),
  })
  .meta({ id: 'CreateFineTuningJob' });
export type CreateFineTuningJob = z.infer<typeof CreateFineTuningJob>;

export const FineTuningStatus = z.enum(['validating_files', 'queued', 'running', 'succeeded', 'failed', 'cancelled']);
export type FineTuningStatus = z.infer<typeof FineTuningStatus>;

export const FineTuningJob = z
  .object({
    id: z.string(),
    object: z.literal('fine_tuning.job'),
    created_at: UnixSeconds,
    finished_at: UnixSeconds.nullable(),
    estimated_finish: UnixSeconds.nullable(),
    model: z.string(),
    fine_tuned_model: z.string().nullable(),
    organization_id: z.string(),
    status: FineTuningStatus,
    error: z.object({ code: z.string(), message: z.string(), param: z.string().nullable() }).nullable(),
    hyperparameters: z.object(hyperparameters),
    method: FineTuningMethod,
    seed: z.int(),
    /** Not known here: miners train as much as they can in the time. */
    trained_tokens: z.null(),
    training_file: FileId,
    validation_file: FileId.nullable(),
    result_files: z.array(FileId),
    integrations: z.array(z.unknown()),
    metadata: Metadata,
  })
  .meta({ id: 'FineTuningJob' });
export type FineTuningJob = z.infer<typeof FineTuningJob>;

export const FineTuningEvent = z
  .object({
    id: z.string(),
    object: z.literal('fine_tuning.job.event'),
    created_at: UnixSeconds,
    level: EventLevel,
    message: z.string(),
    type: z.literal('message'),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'FineTuningEvent' });
export type FineTuningEvent = z.infer<typeof FineTuningEvent>;

export const FineTuningCheckpoint = z
  .object({
    id: z.string(),
    object: z.literal('fine_tuning.job.checkpoint'),
    created_at: UnixSeconds,
    fine_tuning_job_id: z.string(),
    fine_tuned_model_checkpoint: z.string(),
    step_number: z.int(),
    metrics: z.object({ step: z.int(), valid_loss: z.number().optional(), full_valid_loss: z.number().optional() }),
  })
  .meta({ id: 'FineTuningCheckpoint' });
export type FineTuningCheckpoint = z.infer<typeof FineTuningCheckpoint>;
