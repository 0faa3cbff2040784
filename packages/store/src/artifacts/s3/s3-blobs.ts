import { createHash, randomUUID } from 'node:crypto';
import { AppError, type BlobRef, Sha256 } from '@agon/contracts';
import type { ByteSource } from '../../ports/index.ts';
import { checkExpected } from '../check-expected.ts';
import { partsOf, sha256Of } from './parts.ts';
import type { S3Bucket, StoredObject } from './s3-bucket.ts';

/** A fault of a blob that no later try mends. */
export class BlobError extends Error {}

/** Memory that one stream takes is a few of these. */
export const partBytes = 8 * 1024 ** 2;

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
 * @throws AppError `file_too_large`, `upload_hash_mismatch`, `disk_full`, `not_ready`, and whatever the source throws; then nothing is left.
 */
export async function putBlob(
  bucket: S3Bucket,
  source: ByteSource,
  { bytesMax = Number.POSITIVE_INFINITY, expected }: { bytesMax?: number; expected?: BlobRef } = {},
): Promise<BlobRef> {
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
    checkExpected({ sha256, bytes }, expected);
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
    checkExpected({ sha256, bytes }, expected);
    await bucket.copy({ key, bytes }, blobKey(sha256));
    return { sha256, bytes };
  } finally {
    await parts.return(undefined);
    await bucket.remove([key]).catch(() => undefined);
  }
}

export const noBlob = (sha256: string): Error => new BlobError(`The artifact store has no blob ${sha256}.`);

/** The blob that an object is; undefined for what others keep below the prefix. */
export function blobOf({ key, modifiedAt }: StoredObject): { sha256: string; storedAt: Date } | undefined {
  const sha256 = key.slice(blobPrefix.length).replace('/', '');
  return Sha256.safeParse(sha256).success && key === blobKey(sha256) ? { sha256, storedAt: modifiedAt } : undefined;
}
