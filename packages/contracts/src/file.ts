import { z } from 'zod';
import { FileId, Sha256, UnixSeconds } from './ids.ts';
import { limits } from './limits.ts';

export const FilePurpose = z.enum(['fine-tune', 'fine-tune-results', 'base-model']);

/** When a file deletes itself, as OpenAI's API says it. */
export const ExpiresAfter = z
  .object({
    anchor: z.literal('created_at'),
    seconds: z.coerce.number().int().min(limits.fileExpirySecondsMin).max(limits.fileExpirySecondsMax),
  })
  .meta({ id: 'ExpiresAfter' });
export type ExpiresAfter = z.infer<typeof ExpiresAfter>;

/** A client's file, in OpenAI's shape with its hash added. */
export const StoredFile = z
  .object({
    id: FileId,
    object: z.literal('file'),
    bytes: z.int(),
    created_at: UnixSeconds,
    filename: z.string(),
    purpose: FilePurpose,
    status: z.enum(['uploaded', 'processed', 'error']),
    sha256: Sha256,
    expires_at: UnixSeconds.optional(),
  })
  .meta({ id: 'File' });
export type StoredFile = z.infer<typeof StoredFile>;

export const Deleted = z
  .object({ id: z.string(), object: z.string(), deleted: z.literal(true) })
  .meta({ id: 'Deleted' });
export type Deleted = z.infer<typeof Deleted>;
