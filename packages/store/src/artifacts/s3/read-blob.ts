import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '@agon/contracts';
import { BlobError, blobKey, noBlob } from './s3-blobs.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { asStoreError } from './s3-errors.ts';

const fruitlessMax = 5;
const firstDelayMs = 100;

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
  const place: Place = { sha256, key, at: range?.start ?? 0, end: range?.end };
  if (range) {
    yield* readSteadily(bucket, place);
    return;
  }
  const hash = createHash('sha256');
  for await (const chunk of readSteadily(bucket, place)) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== sha256) throw new BlobError(`The blob ${sha256} is damaged in the artifact store.`);
}

/** How far a blob was read. `end` is known from the first answer on. */
type Place = { readonly sha256: string; readonly key: string; at: number; end: number | undefined };

/** Reads to the end, over as many connections as bring bytes. */
async function* readSteadily(bucket: S3Bucket, place: Place): AsyncGenerator<Uint8Array> {
  let fruitless = 0;
  while (place.end === undefined || place.at < place.end) {
    const from = place.at;
    try {
      yield* readOn(bucket, place);
    } catch (error) {
      fruitless = place.at > from ? 1 : fruitless + 1;
      const final = error instanceof BlobError || error instanceof AppError || fruitless >= fruitlessMax;
      if (final) throw asStoreError(error);
      await sleep(firstDelayMs * 2 ** fruitless);
    }
  }
}

/** Reads on for as long as one connection lasts. */
async function* readOn(bucket: S3Bucket, place: Place): AsyncGenerator<Uint8Array> {
  const { at: start, end } = place;
  const found = await bucket.get(place.key, end === undefined ? undefined : { start, end });
  if (!found) throw noBlob(place.sha256);
  place.end = start + found.bytes;
  for await (const chunk of found.body) {
    place.at += chunk.byteLength;
    yield chunk;
  }
  if (place.at < place.end) throw new Error('The connection to the artifact store ended early.');
}
