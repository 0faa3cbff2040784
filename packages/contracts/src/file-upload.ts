import { z } from 'zod';
import { ExpiresAfter, FilePurpose, StoredFile } from './file.ts';
import { FileUploadId, UnixSeconds, UploadPartId } from './ids.ts';
import { limits } from './limits.ts';

/** OpenAI's uploads: a file that arrives in parts, each of which can be sent again. */
export const CreateFileUpload = z
  .object({
    bytes: z.int().min(1).describe('of the whole file'),
    filename: z.string().min(1).max(limits.filenameCharactersMax),
    mime_type: z.string().max(255),
    purpose: FilePurpose.exclude(['fine-tune-results']),
    expires_after: ExpiresAfter.optional(),
  })
  .meta({ id: 'CreateUpload' });
export type CreateFileUpload = z.infer<typeof CreateFileUpload>;

export const FileUploadStatus = z.enum(['pending', 'completed', 'cancelled', 'expired']);
export type FileUploadStatus = z.infer<typeof FileUploadStatus>;

export const FileUpload = z
  .object({
    id: FileUploadId,
    object: z.literal('upload'),
    bytes: z.int(),
    created_at: UnixSeconds,
    expires_at: UnixSeconds,
    filename: z.string(),
    purpose: FilePurpose,
    status: FileUploadStatus,
    file: StoredFile.nullable().describe('what a completed upload became; null before, and where it was deleted'),
  })
  .meta({ id: 'Upload' });
export type FileUpload = z.infer<typeof FileUpload>;

export const UploadPart = z
  .object({ id: UploadPartId, object: z.literal('upload.part'), created_at: UnixSeconds, upload_id: FileUploadId })
  .meta({ id: 'UploadPart' });
export type UploadPart = z.infer<typeof UploadPart>;

export const CompleteFileUpload = z
  .object({
    part_ids: z.array(UploadPartId).min(1).max(limits.fileUploadPartsMax).describe('in the order of the file'),
    md5: z
      .string()
      .regex(/^[0-9a-fA-F]{32}$/, 'must be an md5 in 32 hex digits')
      .nullish(),
  })
  .meta({ id: 'CompleteUpload' });
export type CompleteFileUpload = z.infer<typeof CompleteFileUpload>;
