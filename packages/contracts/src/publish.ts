import { z } from 'zod';
import { idOf, UnixSeconds } from './ids.ts';

/** What hubs take as the two halves of a repo's name. */
const half = /^(?!.*(?:--|\.\.))[A-Za-z0-9][A-Za-z0-9._-]{0,94}[A-Za-z0-9]$|^[A-Za-z0-9]$/;

/** `org/name`, as hubs name repos. */
export const RepoName = z
  .string()
  .max(193)
  .refine((name) => {
    const [org = '', own = '', ...more] = name.split('/');
    return more.length === 0 && half.test(org) && half.test(own) && !own.endsWith('.git');
  }, 'is `org/name` of letters, digits, dash, underscore and dot, without `--` or `..`, each half 96 characters at most');
export type RepoName = z.infer<typeof RepoName>;

/** A token of a hub; it goes in and never comes out. */
export const HubToken = z
  .string()
  .max(512)
  .regex(/^hf_[\x21-\x7e]{5,}$/, 'is a token of the hub, which begins with `hf_`');

/** How a job's winner is published. */
export const CreatePublish = z
  .strictObject({
    /** A repo on the hub that the service pushes to, beside the one in its own registry. */
    repo: RepoName.optional(),
    private: z.boolean().default(true),
    /** Of a LoRA winner: also its base's weights with the adapter merged into them, as a repo of its own. */
    merged: z.boolean().default(false),
    /** Of a language model or text classifier: also `onnx/`, which transformers.js runs. */
    onnx: z.boolean().default(true),
    /** A token that may write to `repo`. It is sealed, and forgotten when the push is done. */
    token: HubToken.optional(),
  })
  .refine(({ repo, token }) => token === undefined || repo !== undefined, {
    path: ['repo'],
    message: 'is needed where a token is given',
  })
  .meta({ id: 'CreatePublish' });
export type CreatePublish = z.infer<typeof CreatePublish>;

/** What a client posts to have a model pushed to a hub, or pushed again. */
export const PushModel = z
  .strictObject({ repo: RepoName, private: z.boolean().default(true), token: HubToken.optional() })
  .meta({ id: 'PushModel' });
export type PushModel = z.infer<typeof PushModel>;

export const PushStatus = z.enum(['pending', 'pushing', 'done', 'failed']).meta({ id: 'PushStatus' });
export type PushStatus = z.infer<typeof PushStatus>;

export const PushId = idOf('push');

/** One delivery of a model to a repo, as a client reads it. */
export const Push = z
  .object({
    id: PushId,
    object: z.literal('push'),
    /** `registry` is the service's own hub, `hub` the one that its operator named. */
    where: z.enum(['registry', 'hub']),
    repo: RepoName,
    private: z.boolean(),
    /** `pending` also while it waits for the next attempt; `message` says why. */
    status: PushStatus,
    attempts: z.int(),
    /** Share of what the last attempt had to move, 0 to 1. */
    progress: z.number(),
    message: z.string().nullable(),
    url: z.string().nullable(),
    /** The commit that has the model; null until the push is done. */
    commit: z.string().nullable(),
    next_attempt_at: UnixSeconds.nullable(),
    updated_at: UnixSeconds,
  })
  .meta({ id: 'Push' });
export type Push = z.infer<typeof Push>;
