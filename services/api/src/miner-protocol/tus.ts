import { AppError, limits, UploadId } from '@agon/contracts';
import type { UploadRecord } from '@agon/store';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { nowDate, type RouteDeps } from '../deps.ts';
import { route, written } from '../http/route.ts';
import { settleUpload } from './settle-upload.ts';

/** Resumable uploads by tus 1.0.0: its core protocol and the expiration extension. */
const version = '1.0.0';
const tag = 'Miner protocol';
const path = '/v1/miner/uploads/:upload_id';
const params = z.object({ upload_id: UploadId });
const chunkType = 'application/offset+octet-stream';

function checkVersion(request: Request, response: Response): void {
  response.set('tus-resumable', version);
  if (request.get('tus-resumable') === version) return;
  response.set('tus-version', version);
  throw new AppError('tus_version_unsupported', `The header Tus-Resumable must be ${version}.`);
}

/** @throws AppError `upload_not_found`, `upload_expired`. */
async function findUpload(deps: RouteDeps, uploadId: string): Promise<UploadRecord> {
  const upload = await deps.stores.uploads.find(uploadId);
  if (!upload) throw new AppError('upload_not_found', 'There is no such upload.');
  const over = upload.status === 'ended' || (upload.status === 'receiving' && upload.expiresAt <= nowDate(deps));
  if (over) throw new AppError('upload_expired', 'The upload ended before all of its bytes were there.');
  return upload;
}

/** Bytes that are safe. An upload that was cut short between its last byte and its hash is settled here. */
async function offsetOf(deps: RouteDeps, upload: UploadRecord): Promise<number> {
  if (upload.status === 'received') return upload.bytes;
  const offset = await deps.artifacts.staging.offset(upload.id);
  if (offset === undefined) await deps.artifacts.staging.create(upload.id);
  if (offset !== upload.bytes) return offset ?? 0;
  try {
    await settleUpload(deps, upload);
    return upload.bytes;
  } catch (error) {
    if (error instanceof AppError && error.code === 'upload_hash_mismatch') return 0;
    throw error;
  }
}

function describe(response: Response, upload: UploadRecord, offset: number): void {
  response.set({
    'upload-offset': String(offset),
    'upload-length': String(upload.bytes),
    'upload-expires': upload.expiresAt.toUTCString(),
    'cache-control': 'no-store',
  });
}

export const headUpload = route({
  method: 'head',
  path,
  tag,
  operationId: 'headUpload',
  summary: 'Ask how much of an upload has arrived (tus)',
  description: 'The address of an upload is a secret of its own; it needs no signature.',
  auth: 'none',
  countedBy: 'path',
  request: { params },
  response: null,
  status: 200,
  errors: ['upload_not_found', 'upload_expired', 'tus_version_unsupported'],
  async handle({ deps, params: { upload_id }, request, response }) {
    checkVersion(request, response);
    const upload = await findUpload(deps, upload_id);
    describe(response, upload, await offsetOf(deps, upload));
    response.status(200).end();
    return written;
  },
});

const offsetPattern = /^\d{1,15}$/;

function announcedOffset(request: Request): number {
  const header = request.get('upload-offset') ?? '';
  if (!offsetPattern.test(header)) {
    throw new AppError('invalid_request', 'The header Upload-Offset must be a whole number.', {
      param: 'Upload-Offset',
    });
  }
  if ((request.get('content-type') ?? '').split(';')[0]?.trim() !== chunkType) {
    throw new AppError('unsupported_media_type', `Send the bytes as ${chunkType}.`);
  }
  return Number(header);
}

export const patchUpload = route({
  method: 'patch',
  path,
  tag,
  operationId: 'patchUpload',
  summary: 'Append to an upload (tus)',
  description: 'With the last byte the service hashes the file; other bytes than those committed are discarded.',
  auth: 'none',
  countedBy: 'path',
  request: { params },
  streams: { contentType: chunkType, summary: 'Bytes from Upload-Offset on' },
  response: null,
  status: 204,
  errors: [
    ...(['upload_not_found', 'upload_expired', 'upload_offset_mismatch', 'upload_hash_mismatch'] as const),
    ...(['upload_incomplete', 'body_too_large', 'disk_full', 'invalid_request'] as const),
    ...(['unsupported_media_type', 'tus_version_unsupported'] as const),
  ],
  async handle({ deps, params: { upload_id }, request, response }) {
    checkVersion(request, response);
    const start = announcedOffset(request);
    const upload = await findUpload(deps, upload_id);
    if (upload.status === 'received' && start !== upload.bytes) {
      throw new AppError('upload_offset_mismatch', `The upload has all of its ${upload.bytes} bytes.`);
    }
    if (upload.status === 'receiving') await append(deps, upload, { start, request });
    describe(response, upload, (await deps.artifacts.staging.offset(upload.id)) ?? upload.bytes);
    response.status(204).end();
    return written;
  },
});

async function append(
  deps: RouteDeps,
  upload: UploadRecord,
  { start, request }: { start: number; request: Request },
): Promise<void> {
  const { id, bytes: bytesMax } = upload;
  const source = request.iterator({ destroyOnReturn: false });
  let offset: number;
  try {
    offset = await deps.artifacts.staging.append({ id, offset: start, bytesMax, source });
  } catch (error) {
    if (error instanceof AppError || !request.destroyed) throw error;
    throw new AppError('upload_incomplete', 'The connection ended; go on from the offset.', {}, error);
  }
  if (offset === bytesMax) await settleUpload(deps, upload);
}

const maxBytes = String(limits.submissionBytesMax);

export const uploadOptions = route({
  method: 'options',
  path,
  tag,
  operationId: 'uploadOptions',
  summary: 'Ask what the upload server can (tus)',
  auth: 'none',
  countedBy: 'path',
  response: null,
  status: 204,
  errors: [],
  async handle({ response }) {
    const facts = { 'tus-resumable': version, 'tus-version': version, 'tus-extension': 'expiration' };
    response
      .set({ ...facts, 'tus-max-size': maxBytes })
      .status(204)
      .end();
    return written;
  },
});
