import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@agon/kit';
import { s3Credentials, startS3 } from '@agon/testing/s3';
import { parseS3Address } from '../artifacts/s3/s3-address.ts';
import { s3ArtifactStore } from '../artifacts/s3/s3-artifact-store.ts';

export const mib = 1024 ** 2;
const pieceBytes = 64 * 1024;

export type S3World = Awaited<ReturnType<typeof startS3World>>;

/** A server, and stores on it: each a replica with a cache of its own where nothing else is said. */
export async function startS3World() {
  const server = await startS3();
  const folder = await mkdtemp(join(tmpdir(), 'agon-s3-'));
  const opened: { close(): void }[] = [];
  let count = 0;
  const replica = (url: string, changes: { cacheFolder?: string; bytesMax?: number; clock?: Clock } = {}) => {
    count += 1;
    const cache = {
      folder: changes.cacheFolder ?? join(folder, `cache-${count}`),
      bytesMax: changes.bytesMax ?? 100 * mib,
    };
    const clock = changes.clock ? { clock: changes.clock } : {};
    const store = s3ArtifactStore({ address: parseS3Address(url), credentials: s3Credentials, cache, ...clock });
    opened.push(store);
    return { ...store, cacheFolder: cache.folder };
  };
  const newBucket = (endpoint?: string): Promise<string> => {
    count += 1;
    return server.newBucket(`bucket-${count}`, endpoint);
  };
  return {
    server,
    replica,
    newBucket,
    /** The objects of a bucket, by the server's own word. */
    keysOf: async (url: string): Promise<string[]> => {
      const answer = await fetch(`${server.endpoint}/${new URL(url).hostname}?list-type=2`);
      return [...(await answer.text()).matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) =>
        key.slice('some/prefix/'.length),
      );
    },
    /** Uploads that were begun and neither completed nor aborted. */
    openUploadsOf: async (url: string): Promise<number> => {
      const answer = await fetch(`${server.endpoint}/${new URL(url).hostname}?uploads`);
      return [...(await answer.text()).matchAll(/<UploadId>/g)].length;
    },
    /** What somebody else does to the bucket. */
    meddle: async (url: string, key: string, what: { method: 'PUT' | 'DELETE' | 'POST'; body?: string }) => {
      const address = `${server.endpoint}/${new URL(url).hostname}/some/prefix/${key}`;
      const authorization = `AWS4-HMAC-SHA256 Credential=${s3Credentials.accessKeyId}/20300101/us-east-1/s3/aws4_request`;
      const answer = await fetch(address, { ...what, headers: { authorization } });
      if (!answer.ok) throw new Error(`${what.method} ${address}: ${answer.status} ${await answer.text()}`);
    },
    stop: async (): Promise<void> => {
      for (const one of opened) one.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Bytes of which each piece differs from the next; `each` runs before a piece is given. */
export async function* piecesOf(
  range: { start?: number; end: number },
  each: (at: number) => Promise<void> | void = () => undefined,
): AsyncGenerator<Uint8Array> {
  for (let at = range.start ?? 0; at < range.end; ) {
    await each(at);
    const bytes = Math.min(pieceBytes - (at % pieceBytes), range.end - at);
    yield Buffer.alloc(bytes, Math.floor(at / pieceBytes) % 251);
    at += bytes;
  }
}

export async function refOf(source: AsyncIterable<Uint8Array>): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of source) {
    hash.update(piece);
    bytes += piece.byteLength;
  }
  return { sha256: hash.digest('hex'), bytes };
}
