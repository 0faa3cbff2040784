import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, type BlobRef, Sha256 } from '@agon/contracts';
import type { ByteSource } from '../../ports/index.ts';
import { partsOf, sha256Of } from './parts.ts';
import type { S3Bucket, StoredObject } from './s3-bucket.ts';
import { asStoreError } from './s3-errors.ts';

/** A fault that no later try mends. */
class BlobError extends Error {}

/** Memory that one stream takes is a few of these. */
export const partBytes = 8 * 1024 ** 2;
const fruitlessMax = 5;
const firstDelayMs = 100;

export const blobPrefix = 'blobs/';
export const temporaryPrefix = 'temporary/';

/** `blobs/ab/cdef…`. @throws RangeError where the text is not a sha256. */
export function blobKey(sha256: string): string {
  if (!Sha256.safeParse(sha256).success) throw new RangeError(`${JSON.stringify(sha256)} is not a sha256.`);
  return `${blobPrefix}${sha256.slice(0, 2)}/${sha256.slice(2)}`;
}

/**
 * Streams a new blob in. A small one is put under its hash at once. Of a larger one the hash is known only when all of it
 * is on the server: it is written under a name that only we know, then copied within the server, which is atomic.
 *
 * @throws AppError `file_too_large`, `disk_full`, `not_ready`, and whatever the source throws; then nothing is left.
 */
export async function putBlob(bucket: S3Bucket, source: ByteSource, bytesMax: number): Promise<BlobRef> {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      bytes += chunk.byteLength;
      if (bytes > bytesMax) throw new AppError('file_too_large', `The file has more than ${bytesMax} bytes.`);
      hash.update(chunk);
      yield chunk;
    }
  }
  const parts = partsOf(counted(), partBytes);
  const first = await parts.next();
  const second = first.done ? first : await parts.next();
  if (second.done) {
    const digest = hash.digest();
    const sha256 = digest.toString('hex');
    await bucket.put(blobKey(sha256), first.value ?? new Uint8Array(), digest);
    return { sha256, bytes };
  }
  const key = temporaryPrefix + randomUUID();
  try {
    await bucket.uploads.whole(key, async (upload) => {
      for (const part of [first.value, second.value]) await upload.add(part, sha256Of(part));
      for await (const part of parts) await upload.add(part, sha256Of(part));
    });
    const sha256 = hash.digest('hex');
    await bucket.copy({ key, bytes }, blobKey(sha256));
    return { sha256, bytes };
  } finally {
    await parts.return(undefined);
    await bucket.remove([key]).catch(() => undefined);
  }
}

/**
 * The bytes of a blob. A connection that breaks is taken up where it ended; a whole blob is compared with its hash on the
 * way, so that what was damaged in the store is an error at the end of the stream.
 *
 * @throws Error where the blob is not there or has other bytes, AppError `not_ready`
 */
export async function* readBlob(
  bucket: S3Bucket,
  sha256: string,
  range?: { start: number; end: number },
): AsyncGenerator<Uint8Array> {
  const key = blobKey(sha256);
  if (range && range.end <= range.start) {
    if (!(await bucket.head(key))) throw noBlob(sha256);
    return;
  }
  const hash = range ? undefined : createHash('sha256');
  let end = range?.end;
  let at = range?.start ?? 0;
  for (let fruitless = 0; end === undefined || at < end; ) {
    const from = at;
    try {
      const found = await bucket.get(key, end === undefined ? undefined : { start: at, end });
      if (!found) throw noBlob(sha256);
      end = at + found.bytes;
      for await (const chunk of found.body) {
        at += chunk.byteLength;
        hash?.update(chunk);
        yield chunk;
      }
      if (at < end) throw new Error('The connection to the artifact store ended early.');
    } catch (error) {
      fruitless = at > from ? 1 : fruitless + 1;
      const final = error instanceof BlobError || error instanceof AppError || fruitless >= fruitlessMax;
      if (final) throw asStoreError(error);
      await sleep(firstDelayMs * 2 ** fruitless);
    }
  }
  if (hash && hash.digest('hex') !== sha256) throw new BlobError(`The blob ${sha256} is damaged in the artifact store.`);
}

export const noBlob = (sha256: string): Error => new BlobError(`The artifact store has no blob ${sha256}.`);

/** The blob that an object is; undefined for what others keep below the prefix. */
export function blobOf({ key, modifiedAt }: StoredObject): { sha256: string; storedAt: Date } | undefined {
  const sha256 = key.slice(blobPrefix.length).replace('/', '');
  return Sha256.safeParse(sha256).success && key === blobKey(sha256) ? { sha256, storedAt: modifiedAt } : undefined;
}
