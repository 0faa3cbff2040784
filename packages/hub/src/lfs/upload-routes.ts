import { AppError, type BlobRef, Sha256 } from '@agon/contracts';
import type { ByteSource, HubPartRecord, HubUploadRecord } from '@agon/store';
import { z } from 'zod';
import { empty, json } from '../http/exchange.ts';
import { readJson } from '../http/read-body.ts';
import type { HubContext, HubRoute } from '../http/route.ts';
import { type HubDeps, nowDate } from '../hub-deps.ts';
import { holdPending } from './uploaded.ts';

/** @throws AppError `upload_not_found`, `upload_expired`. */
async function findUpload({ deps, params }: Pick<HubContext, 'deps' | 'params'>): Promise<HubUploadRecord> {
  const upload = await deps.stores.hub.uploads.find(params.upload ?? '');
  if (!upload) throw new AppError('upload_not_found', 'There is no such upload; ask for another address.');
  if (upload.expiresAt <= nowDate(deps)) {
    throw new AppError('upload_expired', 'The address of this upload has ended; ask for another.');
  }
  return upload;
}

/** @throws AppError `body_too_large`, `upload_incomplete` where the announced length cannot be right. */
function checkLength({ request }: Pick<HubContext, 'request'>, bytes: number): void {
  const length = request.headers.get('content-length');
  if (length === null || Number(length) === bytes) return;
  const code = Number(length) > bytes ? 'body_too_large' : 'upload_incomplete';
  throw new AppError(code, `This upload has ${bytes} bytes, the body ${length}.`);
}

const etag = ({ sha256 }: BlobRef): Record<string, string> => ({ etag: `"${sha256}"` });

/**
 * Stores a body that must be one blob. A request that is sent again does no harm.
 *
 * @throws AppError `upload_hash_mismatch`, `file_too_large`, `disk_full`; then nothing is stored.
 */
async function storeWhole(deps: HubDeps, upload: HubUploadRecord, source: ByteSource): Promise<BlobRef> {
  const { sha256, bytes } = upload;
  const blob = await deps.artifacts.put(source, { bytesMax: bytes, expected: { sha256, bytes } });
  await holdPending(deps, upload, blob);
  return blob;
}

export const putWholeRoute: HubRoute = {
  method: 'PUT',
  path: '/lfs/:upload',
  async handle(context) {
    const upload = await findUpload(context);
    if (upload.partBytes !== null) throw new AppError('invalid_request', 'This upload comes in parts.');
    checkLength(context, upload.bytes);
    return empty(200, etag(await storeWhole(context.deps, upload, context.request.body)));
  },
};

/** How many bytes the part with this number has; undefined where there is no such part. */
export function partSize({ bytes, partBytes }: Pick<HubUploadRecord, 'bytes' | 'partBytes'>, number: number) {
  if (partBytes === null || !Number.isInteger(number) || number < 1) return undefined;
  const size = Math.min(partBytes, bytes - (number - 1) * partBytes);
  return size > 0 ? size : undefined;
}

export const putPartRoute: HubRoute = {
  method: 'PUT',
  path: '/lfs/:upload/:number',
  async handle(context) {
    const { deps, params, request } = context;
    const upload = await findUpload(context);
    const number = Number(params.number);
    const size = partSize(upload, number);
    if (size === undefined) throw new AppError('invalid_request', `The upload has no part ${params.number}.`);
    checkLength(context, size);
    const blob = await deps.artifacts.put(request.body, { bytesMax: size });
    if (blob.bytes !== size) throw new AppError('upload_incomplete', `The part has ${size} bytes; send it again.`);
    await deps.stores.hub.uploads.putPart({ uploadId: upload.id, number, ...blob, expiresAt: upload.expiresAt });
    return empty(200, etag(blob));
  },
};

const Completion = z.object({
  oid: Sha256,
  parts: z.array(z.object({ partNumber: z.int().min(1), etag: z.string() })).optional(),
});

async function* joined(deps: HubDeps, parts: readonly HubPartRecord[]): ByteSource {
  for (const { sha256 } of parts) yield* deps.artifacts.read(sha256);
}

/** @throws AppError `upload_incomplete` that names a part that is missing. */
function checkParts(upload: HubUploadRecord, parts: readonly HubPartRecord[]): void {
  const count = Math.ceil(upload.bytes / (upload.partBytes ?? upload.bytes));
  const numbers = new Set(parts.map(({ number }) => number));
  const missing = Array.from({ length: count }, (_, index) => index + 1).find((number) => !numbers.has(number));
  if (missing !== undefined) throw new AppError('upload_incomplete', `Part ${missing} of ${count} is missing.`);
}

/** Joins the parts. They are let go when the whole is there, so that this may be asked again after a crash. */
export const completeRoute: HubRoute = {
  method: 'POST',
  path: '/lfs/:upload',
  async handle(context) {
    const { deps } = context;
    const upload = await findUpload(context);
    const { oid } = await readJson(context.request, Completion);
    if (oid !== upload.sha256) throw new AppError('invalid_request', `This is an upload of ${upload.sha256}.`);
    const parts = await deps.stores.hub.uploads.listParts(upload.id);
    checkParts(upload, parts);
    const blob = await storeWhole(deps, upload, joined(deps, parts));
    await deps.stores.hub.uploads.delete(upload.id);
    return json({ success: true, oid: blob.sha256, size: blob.bytes }, { headers: etag(blob) });
  },
};
