import { AppError, FilePurpose, limits, StoredFile } from '@agon/contracts';
import type { FileRecord } from '@agon/store';
import { z } from 'zod';
import { releaseBlobs } from '../artifacts/release-blob.ts';
import { nowDate } from '../deps.ts';
import { type KeyCaller, route } from '../http/route.ts';
import { fileWire } from './file-wire.ts';
import { receiveMultipart } from './receive-multipart.ts';

const form = z.object({
  file: z
    .string()
    .meta({ format: 'binary' })
    .describe('CSV with a header, JSON Lines or Parquet; or a file of a base model'),
  purpose: z.enum(['fine-tune', 'base-model']).describe('before the file; `base-model` needs the scope admin'),
});

function purposeOf(fields: ReadonlyMap<string, string>): FileRecord['purpose'] {
  const purpose = FilePurpose.safeParse(fields.get('purpose') ?? 'fine-tune');
  if (purpose.success && purpose.data !== 'fine-tune-results') return purpose.data;
  throw new AppError('invalid_request', 'purpose: must be fine-tune or base-model', { param: 'purpose' });
}

/** @throws AppError `missing_scope` where the purpose is not the caller's to have. */
function checkPurpose(caller: KeyCaller, purpose: FileRecord['purpose']): void {
  if (purpose !== 'base-model' || caller.scopes.includes('admin')) return;
  throw new AppError('missing_scope', 'The API key lacks the scope admin, which files of base models need.');
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
        const bytesMax = purpose === 'base-model' ? limits.fileBytesMax : deps.settings.fileBytesMax;
        return deps.artifacts.put(source, { bytesMax });
      },
      discard: (blob) => releaseBlobs(deps, [blob]),
    });
    if (!file) throw new AppError('invalid_request', 'file: the form has no file', { param: 'file' });
    try {
      checkPurpose(caller, purposeOf(fields));
      if (file.bytes === 0) throw new AppError('file_empty', 'The file is empty.', { param: 'file' });
      const record: FileRecord = {
        id: deps.newId('file'),
        accountId: caller.accountId,
        purpose: purposeOf(fields),
        createdAt: nowDate(deps),
        ...file,
      };
      await deps.stores.files.insert(record);
      await stillThere(deps.artifacts, record);
      deps.metrics.uploadedBytes.inc(
        { kind: purposeOf(fields) === 'base-model' ? 'base_model' : 'dataset' },
        file.bytes,
      );
      return fileWire(record);
    } catch (error) {
      await releaseBlobs(deps, [file]);
      throw error;
    }
  },
});

/** Another file with the same bytes may have been deleted between storing these bytes and naming them. */
async function stillThere(
  artifacts: { stat(sha256: string): Promise<unknown> },
  file: { sha256: string },
): Promise<void> {
  if (await artifacts.stat(file.sha256)) return;
  throw new AppError('upload_incomplete', 'The file was deleted while it was stored; send it again.');
}
