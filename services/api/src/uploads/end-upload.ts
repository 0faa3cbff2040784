import { AppError, CompleteFileUpload, FileUpload } from '@agon/contracts';
import type { FileUploadRecord } from '@agon/store';
import { releaseBlobs } from '../artifacts/release-blob.ts';
import { dateIn, nowDate, type RouteDeps } from '../deps.ts';
import { route } from '../http/route.ts';
import { checkPending, findUpload, UploadParams, uploadWire } from './find-upload.ts';
import { joinParts, partsInOrder } from './join-parts.ts';
import { settleUpload } from './settle-upload.ts';

/** Until then the request that ends an upload is alone with it. */
const settleMs = 60_000;
const retrySeconds = 2;

const fileIdOf = ({ id }: FileUploadRecord): string => `file-${id.slice('upload_'.length)}`;

const isSame = (left: readonly string[] | null, right: readonly string[]): boolean =>
  left?.length === right.length && left.every((id, index) => id === right[index]);

/** Joins the parts and completes the upload; answers it as it is then, whoever was faster. */
async function complete(
  deps: RouteDeps,
  upload: FileUploadRecord,
  { part_ids: partIds, md5 }: CompleteFileUpload,
): Promise<FileUploadRecord> {
  checkPending(upload, nowDate(deps));
  const parts = partsInOrder(upload, await deps.stores.fileUploads.listParts(upload.id), partIds);
  const blob = await joinParts(deps, parts, md5);
  const completed = await deps.stores.fileUploads.complete({
    ...{ uploadId: upload.id, partIds, file: { id: fileIdOf(upload), ...blob } },
    ...{ now: nowDate(deps), dueAt: dateIn(deps, settleMs) },
  });
  if (completed) return completed;
  await releaseBlobs(deps, [blob]);
  return findUpload(deps.stores, { uploadId: upload.id, accountId: upload.accountId });
}

export const completeUpload = route({
  method: 'post',
  path: '/v1/uploads/:upload_id/complete',
  tag: 'Uploads',
  operationId: 'completeUpload',
  summary: 'Make the file of its parts',
  description: 'The same request again answers the same. Parts that are not named are left out.',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { params: UploadParams, body: CompleteFileUpload },
  response: FileUpload,
  status: 200,
  errors: [
    ...(['file_upload_not_found', 'file_upload_ended', 'file_upload_parts_wrong', 'invalid_request'] as const),
    ...(['file_upload_md5_mismatch', 'upload_incomplete', 'disk_full', 'rate_limited', 'invalid_json'] as const),
  ],
  async handle({ deps, caller: { accountId }, params, body }) {
    const uploadId = params.upload_id;
    const upload = await findUpload(deps.stores, { uploadId, accountId });
    // A client that lost its patience and asks again would let the same bytes be joined twice at a time.
    if (!deps.joining.enter(uploadId, 1)) {
      const message = 'The parts of this upload are being joined; ask again.';
      throw new AppError('rate_limited', message, { retryAfterSeconds: retrySeconds });
    }
    try {
      const ended = upload.status === 'completed' ? upload : await complete(deps, upload, body);
      if (ended.status !== 'completed' || !isSame(ended.partIds, body.part_ids)) {
        throw new AppError('file_upload_ended', `The upload is ${ended.status}; it cannot be completed in this way.`);
      }
      await settleUpload(deps, ended);
      return uploadWire(deps.stores, ended);
    } finally {
      deps.joining.leave(uploadId);
    }
  },
});

export const cancelUpload = route({
  method: 'post',
  path: '/v1/uploads/:upload_id/cancel',
  tag: 'Uploads',
  operationId: 'cancelUpload',
  summary: 'Give an upload up; its parts are deleted',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { params: UploadParams },
  response: FileUpload,
  status: 200,
  errors: ['file_upload_not_found', 'file_upload_ended'],
  async handle({ deps, caller: { accountId }, params: { upload_id: uploadId } }) {
    await findUpload(deps.stores, { uploadId, accountId });
    await deps.stores.fileUploads.end({ uploadId, to: 'cancelled', dueAt: dateIn(deps, settleMs) });
    const upload = await findUpload(deps.stores, { uploadId, accountId });
    if (upload.status !== 'cancelled') {
      throw new AppError('file_upload_ended', `The upload is ${upload.status} already.`);
    }
    await settleUpload(deps, upload);
    return uploadWire(deps.stores, upload);
  },
});
