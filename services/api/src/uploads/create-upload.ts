import { AppError, CreateFileUpload, FileUpload, limits } from '@agon/contracts';
import type { FileUploadRecord } from '@agon/store';
import { dateIn, nowDate } from '../deps.ts';
import { checkPurpose, fileBytesMaxOf } from '../files/file-purpose.ts';
import { route } from '../http/route.ts';
import { findUpload, UploadParams, uploadWire } from './find-upload.ts';

export const createUpload = route({
  method: 'post',
  path: '/v1/uploads',
  tag: 'Uploads',
  operationId: 'createUpload',
  summary: 'Begin a file that is sent in parts',
  description: 'A part that breaks off is sent again by itself. The upload ends an hour after it was begun.',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { body: CreateFileUpload },
  response: FileUpload,
  status: 200,
  errors: ['invalid_request', 'invalid_json', 'missing_scope', 'file_too_large'],
  async handle({ deps, caller, body }) {
    const { bytes, filename, purpose } = body;
    checkPurpose(caller, purpose);
    const bytesMax = fileBytesMaxOf(deps, purpose);
    if (bytes > bytesMax)
      throw new AppError('file_too_large', `A file has at most ${bytesMax} bytes.`, { param: 'bytes' });
    const expiresAt = dateIn(deps, limits.fileUploadTtlMs);
    const upload: FileUploadRecord = {
      ...{ id: deps.newId('fileUpload'), accountId: caller.accountId, bytes, filename, purpose, status: 'pending' },
      ...{ fileSeconds: body.expires_after?.seconds ?? null, parts: 0, received: 0, partIds: null, file: null },
      ...{ createdAt: nowDate(deps), expiresAt, dueAt: expiresAt, goneAt: dateIn(deps, limits.fileUploadKeptMs) },
    };
    await deps.stores.fileUploads.insert(upload);
    return uploadWire(deps.stores, upload);
  },
});

export const getUpload = route({
  method: 'get',
  path: '/v1/uploads/:upload_id',
  tag: 'Uploads',
  operationId: 'getUpload',
  summary: 'Read one upload; it is forgotten after a week',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: UploadParams },
  response: FileUpload,
  status: 200,
  errors: ['file_upload_not_found'],
  async handle({ deps, caller: { accountId }, params }) {
    return uploadWire(deps.stores, await findUpload(deps.stores, { uploadId: params.upload_id, accountId }));
  },
});
