import { z } from 'zod';
import { BlobRef } from './dataset.ts';
import { FileId, UnixSeconds } from './ids.ts';
import { limits } from './limits.ts';
import { SubmissionPath } from './submission-path.ts';

/** `org/name` or `org/name@revision`; `auto` lets the service choose. */
export const BaseModelName = z
  .string()
  .max(200)
  .regex(
    /^(auto|[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*(@[A-Za-z0-9][A-Za-z0-9._/-]*)?)$/,
    'is `org/name`, `org/name@revision` or `auto`',
  );

/** What an operator posts to make a base model of uploaded files. Files that no job needs are left out. */
export const CreateBaseModel = z
  .strictObject({
    name: z
      .string()
      .max(120)
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/, 'is `org/name`'),
    /** A short hash of the files where it is left out, so that equal files have one revision. */
    revision: z
      .string()
      .max(79)
      .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'has letters, digits, dot, dash, underscore and slash')
      .optional(),
    files: z
      .array(z.strictObject({ path: SubmissionPath, file: FileId }))
      .min(1)
      .max(limits.baseModelFilesMax),
  })
  .meta({ id: 'CreateBaseModel' });
export type CreateBaseModel = z.infer<typeof CreateBaseModel>;

/** What of its config.json the service must know to plan a job. */
export const BaseModelFacts = z
  .object({
    architecture: z.string(),
    /** `causal` models answer; `encoder` models classify. */
    kind: z.enum(['causal', 'encoder']),
    parameters: z.int(),
    hidden_size: z.int(),
    layers: z.int(),
    vocabulary: z.int(),
    context_tokens: z.int(),
    has_chat_template: z.boolean(),
    license: z.string().nullable(),
  })
  .meta({ id: 'BaseModelFacts' });
export type BaseModelFacts = z.infer<typeof BaseModelFacts>;

/** A model that jobs may start from, with the files that the service keeps of it (Hugging Face layout). */
export const BaseModel = z
  .object({
    id: z.string(),
    object: z.literal('base_model'),
    name: z.string(),
    revision: z.string(),
    created_at: UnixSeconds,
    source: z.enum(['imported', 'hub']),
    facts: BaseModelFacts,
    files: z.array(BlobRef.extend({ path: SubmissionPath })),
  })
  .meta({ id: 'BaseModel' });
export type BaseModel = z.infer<typeof BaseModel>;
