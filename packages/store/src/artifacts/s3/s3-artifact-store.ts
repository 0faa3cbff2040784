import { limits } from '@agon/contracts';
import { type Clock, type Log, silentLog, systemClock } from '@agon/kit';
import type { ArtifactStore } from '../../ports/index.ts';
import { LocalCache } from './local-cache.ts';
import { readBlob } from './read-blob.ts';
import type { S3Address } from './s3-address.ts';
import { blobKey, blobOf, blobPrefix, noBlob, putBlob, temporaryPrefix } from './s3-blobs.ts';
import { S3Bucket } from './s3-bucket.ts';
import { type S3Credentials, s3Client } from './s3-client.ts';
import { removeOldUploads, s3StagingArea } from './s3-staging-area.ts';

const hourMs = 60 * 60_000;
const temporaryKeptMs = 24 * hourMs;

export type S3ArtifactStoreOptions = {
  readonly address: S3Address;
  /** Where they are left out, the SDK looks where AWS's own tools look. */
  readonly credentials?: S3Credentials;
  readonly cache: { readonly folder: string; readonly bytesMax: number };
  readonly clock?: Clock;
  readonly log?: Log;
};

/**
 * Blobs as objects named by their hash, in a bucket of any S3-compatible server. Any number of processes on any number of
 * machines may share it.
 */
export function s3ArtifactStore(options: S3ArtifactStoreOptions): ArtifactStore & { close(): void } {
  const { address, cache: cacheOptions, clock = systemClock, log = silentLog } = options;
  const clients = { private: s3Client(options, address.endpoint), public: s3Client(options, publicEndpoint(address)) };
  const bucket = new S3Bucket(clients, address);
  const read: ArtifactStore['read'] = (sha256, range) => readBlob(bucket, sha256, range);
  const cache = new LocalCache({ ...cacheOptions, clock, read });
  const sweep = sweeper(bucket, { clock, log });

  return {
    async put(source, options) {
      await sweep();
      return putBlob(bucket, source, options);
    },

    read,

    async stat(sha256) {
      const found = await bucket.head(blobKey(sha256));
      return found && { bytes: found.bytes, storedAt: found.modifiedAt };
    },

    async delete(sha256) {
      const key = blobKey(sha256);
      await cache.forget(sha256);
      await bucket.remove([key]);
    },

    async *list() {
      for await (const object of bucket.list(blobPrefix)) {
        const blob = blobOf(object);
        if (blob) yield blob;
      }
    },

    async localPath(sha256) {
      const found = await bucket.head(blobKey(sha256));
      if (!found) throw noBlob(sha256);
      return cache.path(sha256, found.bytes);
    },

    async downloadUrl(sha256, seconds) {
      return bucket.signedUrl(blobKey(sha256), seconds);
    },

    staging: s3StagingArea({ bucket, sweep }),
    close: () => bucket.close(),
  };
}

const publicEndpoint = ({ endpoint, publicEndpoint: other }: S3Address): string | undefined => other ?? endpoint;

/**
 * Removes what crashes left behind, at the first use and then once an hour at most. That a bucket's rules forbid it, or that
 * it fails, is said in the log and stops nobody.
 */
function sweeper(bucket: S3Bucket, { clock, log }: { clock: Clock; log: Log }): () => Promise<void> {
  let nextMs = Number.NEGATIVE_INFINITY;
  const sweep = async (nowMs: number): Promise<void> => {
    const before = new Date(nowMs - temporaryKeptMs);
    const old: string[] = [];
    for await (const { key, modifiedAt } of bucket.list(temporaryPrefix)) if (modifiedAt < before) old.push(key);
    await bucket.remove(old);
    await removeOldUploads(bucket, new Date(nowMs - limits.uploadTtlMs - temporaryKeptMs));
    await bucket.uploads.abortOlder(before);
  };
  return async () => {
    const nowMs = clock.nowMs();
    if (nowMs < nextMs) return;
    nextMs = nowMs + hourMs;
    await sweep(nowMs).catch((error: unknown) => log.warn({ err: error }, 'old uploads could not be removed'));
  };
}
