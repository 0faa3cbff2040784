import type { BlobRef } from '@agon/contracts';
import type { ArtifactStore } from '@agon/store';
import { decodeTree, type Tree } from './tree.ts';

const entriesKeptMax = 200_000;

export type TreeReader = (blob: Pick<BlobRef, 'sha256'>) => Promise<Tree>;

/** Reads trees; the last used ones stay in memory. Trees never change, so nothing has to be forgotten. */
export function createTreeReader(artifacts: Pick<ArtifactStore, 'read'>): TreeReader {
  const kept = new Map<string, Tree>();
  let entries = 0;

  const drop = (sha256: string): void => {
    entries -= kept.get(sha256)?.entries.length ?? 0;
    kept.delete(sha256);
  };

  return async ({ sha256 }) => {
    const tree = kept.get(sha256) ?? decodeTree(await readAll(artifacts, sha256));
    drop(sha256);
    kept.set(sha256, tree);
    entries += tree.entries.length;
    for (const oldest of kept.keys()) {
      if (entries <= entriesKeptMax || oldest === sha256) break;
      drop(oldest);
    }
    return tree;
  };
}

export async function readAll(artifacts: Pick<ArtifactStore, 'read'>, sha256: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of artifacts.read(sha256)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
