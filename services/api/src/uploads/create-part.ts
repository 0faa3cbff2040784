import { AppError, limits, UploadPart } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { FileUploadRecord, UploadPartRecord } from '@agon/store';
import { z } from 'zod';
import { releaseBlobs } from '../artifacts/release-blob.ts';
import { nowDate, type RouteDeps } from '../deps.ts';
import { stillThere } from '../files/create-file.ts';
import { fileKindOf } from '../files/file-purpose.ts';
import { receiveMultipart } from '../files/receive-multipart.ts';
import { route } from '../http/route.ts';
import { checkPending, findUpload, UploadParams } from './find-upload.ts';

const form = z.object({ data: z.string().meta({ format: 'binary' }).describe('at most 64 MiB') });
/** Parts that are sent again count once more. */
const bytesFactorMax = 2;

async function keepPart(deps: RouteDeps, upload: FileUploadRecord, part: UploadPartRecord): Promise<void> {
  const now = nowDate(deps);
  const bounds = { partsMax: limits.fileUploadPartsMax, bytesMax: bytesFactorMax * upload.bytes };
  if (await deps.stores.fileUploads.addPart({ part, now, ...bounds })) return stillThere(deps.artifacts, part);
  checkPending(await findUpload(deps.stores, { uploadId: upload.id, accountId: upload.accountId }), now);
  const message = `The upload has too many parts: at most ${bounds.partsMax}, of ${bounds.bytesMax} bytes together.`;
  throw new AppError('file_upload_parts_wrong', message, { param: 'data' });
}

export const createUploadPart = route({
  method: 'post',
  path: '/v1/uploads/:upload_id/parts',
  tag: 'Uploads',
  operationId: 'createUploadPart',
  summary: 'Send one part of a file',
  description: 'Parts may be sent in any order and at the same time; one that broke off left nothing behind.',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { params: UploadParams },
  streams: { contentType: 'multipart/form-data', summary: 'The bytes of the part', fields: form },
  response: UploadPart,
  status: 200,
  errors: [
    ...(['file_upload_not_found', 'file_upload_ended', 'file_upload_parts_wrong', 'invalid_request'] as const),
    ...(['unsupported_media_type', 'upload_incomplete', 'file_empty', 'file_too_large', 'disk_full'] as const),
  ],
  async handle({ deps, caller: { accountId }, params, request }) {
    const upload = await findUpload(deps.stores, { uploadId: params.upload_id, accountId });
    checkPending(upload, nowDate(deps));
    const bytesMax = Math.min(limits.fileUploadPartBytesMax, upload.bytes);
    const { file: blob } = await receiveMultipart(request, {
      part: 'data',
      put: (source) => deps.artifacts.put(source, { bytesMax }),
      discard: (stored) => releaseBlobs(deps, [stored]),
    });
    if (!blob) throw new AppError('invalid_request', 'data: the form has no part of this name', { param: 'data' });
    const { sha256, bytes } = blob;
    const part: UploadPartRecord = {
      ...{ id: deps.newId('uploadPart'), uploadId: upload.id, sha256, bytes, createdAt: nowDate(deps) },
      goneAt: upload.goneAt,
    };
    try {
      if (bytes === 0) throw new AppError('file_empty', 'The part is empty.', { param: 'data' });
      await keepPart(deps, upload, part);
    } catch (error) {
      await releaseBlobs(deps, [blob]);
      throw error;
    }
    deps.metrics.uploadedBytes.inc({ kind: fileKindOf(upload.purpose) }, bytes);
    return {
      id: part.id,
      object: 'upload.part' as const,
      created_at: unixSeconds(part.createdAt),
      upload_id: upload.id,
    };
  },
});
