import { z } from 'zod';
import { AccountId, KeyId, UnixSeconds } from './ids.ts';

export const Scope = z.enum(['jobs:read', 'jobs:write', 'admin']).meta({ id: 'Scope' });
export type Scope = z.infer<typeof Scope>;

export const CreateKey = z
  .strictObject({
    name: z.string().min(1).max(100),
    scopes: z.array(Scope).min(1).default(['jobs:read', 'jobs:write']),
    /** An existing account; a new one is made where it is left out. */
    account: AccountId.optional(),
  })
  .meta({ id: 'CreateKey' });
export type CreateKey = z.infer<typeof CreateKey>;

export const ApiKey = z
  .object({
    id: KeyId,
    object: z.literal('key'),
    name: z.string(),
    account: AccountId,
    scopes: z.array(Scope),
    prefix: z.string(),
    created_at: UnixSeconds,
    revoked_at: UnixSeconds.nullable(),
    /** The key itself, only in the answer that made it. */
    secret: z.string().optional(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof ApiKey>;
