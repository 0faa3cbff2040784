import { randomUUID } from 'node:crypto';
import type { BlobRef } from '@agon/contracts';
import type { StoredObject } from './s3-bucket.ts';

export const stagingPrefix = 'staging/';

/** An object with the bytes of an upload from `start` on. It never changes: other bytes are another object. */
export type Chunk = { readonly key: string; readonly start: number; readonly bytes: number };

/** What the objects of an upload say. */
export type StagedUpload = {
  readonly keys: readonly string[];
  /** The chunks that follow each other from the first byte on. */
  readonly chunks: readonly Chunk[];
  readonly bytes: number;
  /** What it became, where it was committed. */
  readonly committed: BlobRef | undefined;
};

/** @throws RangeError where the id would lead out of the upload's own folder. */
export function uploadFolder(id: string): string {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id)) throw new RangeError(`${JSON.stringify(id)} is not the id of an upload.`);
  return `${stagingPrefix}${id}/`;
}

export const uploadIdOf = (key: string): string => key.slice(stagingPrefix.length).split('/')[0] ?? '';

export const markKey = (id: string): string => `${uploadFolder(id)}begun`;
export const noteKey = (id: string, { sha256, bytes }: BlobRef): string =>
  `${uploadFolder(id)}committed-${sha256}-${bytes}`;
export const chunkKey = (id: string, start: number): string =>
  `${uploadFolder(id)}${String(start).padStart(15, '0')}-${randomUUID()}`;

/** Reads the objects of an upload; undefined where there are none. */
export function stagedUpload(id: string, objects: readonly StoredObject[]): StagedUpload | undefined {
  if (objects.length === 0) return undefined;
  const folder = uploadFolder(id);
  const found: Chunk[] = [];
  let committed: BlobRef | undefined;
  for (const { key, bytes } of objects) {
    const name = key.slice(folder.length);
    const start = /^(\d{15})-/.exec(name)?.[1];
    const [, sha256, size] = /^committed-([0-9a-f]{64})-(\d+)$/.exec(name) ?? [];
    if (start !== undefined) found.push({ key, start: Number(start), bytes });
    else if (sha256 !== undefined) committed = { sha256, bytes: Number(size) };
  }
  const chunks = longestChain(found);
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  return { keys: objects.map(({ key }) => key), chunks, bytes, committed };
}

/**
 * The chunks that reach farthest without a gap. Several may begin at one byte, where requests at two replicas went on with
 * one upload; whose bytes are taken does not matter, as a commit hashes them.
 */
function longestChain(chunks: readonly Chunk[]): Chunk[] {
  const farthest = new Map<number, { chunk: Chunk; reach: number }>();
  const reachFrom = (start: number): number => farthest.get(start)?.reach ?? start;
  for (const chunk of chunks.toSorted((a, b) => b.start - a.start || a.key.localeCompare(b.key))) {
    if (chunk.bytes === 0) continue;
    const reach = reachFrom(chunk.start + chunk.bytes);
    if (reach > reachFrom(chunk.start)) farthest.set(chunk.start, { chunk, reach });
  }
  const chain: Chunk[] = [];
  for (let next = farthest.get(0); next; next = farthest.get(next.chunk.start + next.chunk.bytes)) {
    chain.push(next.chunk);
  }
  return chain;
}
