import { z } from 'zod';
import { BlobRef } from './dataset.ts';
import { UnixSeconds } from './ids.ts';
import { SubmissionPath } from './submission-path.ts';

/** `org/name` or `org/name@revision`; `auto` lets the service choose. */
export const BaseModelName = z
  .string()
  .max(200)
  .regex(
    /^(auto|[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*(@[A-Za-z0-9][A-Za-z0-9._/-]*)?)$/,
    'is `org/name`, `org/name@revision` or `auto`',
  );

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
