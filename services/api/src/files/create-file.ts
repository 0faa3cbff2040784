import { AppError, ExpiresAfter, FilePurpose, StoredFile } from '@agon/contracts';
import type { FileRecord } from '@agon/store';
import { z } from 'zod';
import { releaseBlobs } from '../artifacts/release-blob.ts';
import { nowDate } from '../deps.ts';
import { parseInput } from '../http/parse-input.ts';
import { route } from '../http/route.ts';
import { checkPurpose, fileBytesMaxOf, fileKindOf } from './file-purpose.ts';
import { fileWire } from './file-wire.ts';
import { receiveMultipart } from './receive-multipart.ts';

const form = z.object({
  file: z
    .string()
    .meta({ format: 'binary' })
    .describe('CSV with a header, JSON Lines or Parquet; or a file of a base model'),
  purpose: z.enum(['fine-tune', 'base-model']).describe('before the file; `base-model` needs the scope admin'),
  'expires_after[anchor]': z.literal('created_at').optional(),
  'expires_after[seconds]': ExpiresAfter.shape.seconds.optional(),
});

function purposeOf(fields: ReadonlyMap<string, string>): FileRecord['purpose'] {
  const purpose = FilePurpose.safeParse(fields.get('purpose') ?? 'fine-tune');
  if (purpose.success && purpose.data !== 'fine-tune-results') return purpose.data;
  throw new AppError('invalid_request', 'purpose: must be fine-tune or base-model', { param: 'purpose' });
}

/**
 * When the file deletes itself: `expires_after[anchor]` and `expires_after[seconds]` of the form.
 *
 * @throws AppError `invalid_request`.
 */
function expiryOf(fields: ReadonlyMap<string, string>, createdAt: Date): Date | null {
  const [anchor, seconds] = [fields.get('expires_after[anchor]'), fields.get('expires_after[seconds]')];
  if (anchor === undefined && seconds === undefined) return null;
  const wish = parseInput(z.object({ expires_after: ExpiresAfter }), { expires_after: { anchor, seconds } });
  return new Date(createdAt.getTime() + wish.expires_after.seconds * 1_000);
}

export const createFile = route({
  method: 'post',
  path: '/v1/files',
  tag: 'Files',
  operationId: 'createFile',
  summary: 'Upload a dataset, or a file of a base model',
  description: 'The file is streamed to the store; its size need not be known beforehand.',
  auth: 'key',
  scopes: ['jobs:write'],
  streams: { contentType: 'multipart/form-data', summary: 'The file and its purpose', fields: form },
  response: StoredFile,
  status: 200,
  errors: [
    'invalid_request',
    'missing_scope',
    'unsupported_media_type',
    'upload_incomplete',
    'file_empty',
    'file_too_large',
    'disk_full',
  ],
  async handle({ deps, caller, request }) {
    const { fields, file } = await receiveMultipart(request, {
      put: async (source, before) => {
        const purpose = purposeOf(before);
        checkPurpose(caller, purpose);
        return deps.artifacts.put(source, { bytesMax: fileBytesMaxOf(deps, purpose) });
      },
      discard: (blob) => releaseBlobs(deps, [blob]),
    });
    if (!file) throw new AppError('invalid_request', 'file: the form has no file', { param: 'file' });
    try {
      const purpose = purposeOf(fields);
      checkPurpose(caller, purpose);
      if (file.bytes === 0) throw new AppError('file_empty', 'The file is empty.', { param: 'file' });
      const createdAt = nowDate(deps);
      const expiresAt = expiryOf(fields, createdAt);
      const record: FileRecord = {
        ...{ id: deps.newId('file'), accountId: caller.accountId, purpose, createdAt, expiresAt },
        ...file,
      };
      await deps.stores.files.insert(record);
      await stillThere(deps.artifacts, record);
      deps.metrics.uploadedBytes.inc({ kind: fileKindOf(purpose) }, file.bytes);
      return fileWire(record);
    } catch (error) {
      await releaseBlobs(deps, [file]);
      throw error;
    }
  },
});

/** Another file with the same bytes may have been deleted between storing these bytes and naming them. */
export async function stillThere(
  artifacts: { stat(sha256: string): Promise<unknown> },
  file: { sha256: string },
): Promise<void> {
  if (await artifacts.stat(file.sha256)) return;
  throw new AppError('upload_incomplete', 'The file was deleted while it was stored; send it again.');
}
