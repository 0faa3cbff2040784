import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artifactStoreContract } from '@agon/testing/artifact-contract';
import { type S3TestServer, s3Credentials, startS3 } from '@agon/testing/s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseS3Address } from './s3-address.ts';
import { s3ArtifactStore } from './s3-artifact-store.ts';

const mib = 1024 ** 2;
let server: S3TestServer;
let folder: string;
let buckets = 0;

beforeAll(async () => {
  server = await startS3();
  folder = await mkdtemp(join(tmpdir(), 'agon-s3-'));
});
afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function open(changes: { endpoint?: string; bytesMax?: number } = {}) {
  buckets += 1;
  const address = parseS3Address(await server.newBucket(`bucket-${buckets}`, changes.endpoint));
  const cache = { folder: join(folder, `cache-${buckets}`), bytesMax: changes.bytesMax ?? 100 * mib };
  return s3ArtifactStore({ address, credentials: s3Credentials, cache });
}

artifactStoreContract('the artifact store on S3', async () => {
  const store = await open();
  return { store, close: async () => store.close() };
});

async function* pieces(bytes: number, seed = 1): AsyncGenerator<Uint8Array> {
  const piece = 64 * 1024;
  for (let at = 0; at < bytes; at += piece) yield Buffer.alloc(Math.min(piece, bytes - at), (at / piece + seed) % 251);
}

async function hashOf(source: AsyncIterable<Uint8Array>): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of source) {
    hash.update(piece);
    bytes += piece.byteLength;
  }
  return { sha256: hash.digest('hex'), bytes };
}

describe('large blobs', () => {
  it('come back as they were, whole and by ranges', async () => {
    const store = await open();
    const ref = await store.put(pieces(21 * mib));
    expect(ref).toEqual(await hashOf(pieces(21 * mib)));
    expect(await hashOf(store.read(ref.sha256))).toEqual(ref);
    const part = await hashOf(store.read(ref.sha256, { start: 64 * 1024, end: 3 * 64 * 1024 }));
    expect(part).toEqual(await hashOf(pieces(2 * 64 * 1024, 2)));
    store.close();
  });
});
