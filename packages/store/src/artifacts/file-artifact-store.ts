import { createReadStream } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { limits, Sha256 } from '@agon/contracts';
import { type Clock, systemClock } from '@agon/kit';
import type { ArtifactStore, ByteSource } from '../ports/index.ts';
import { checkExpected } from './check-expected.ts';
import { blobPath, type Folders, makeFolders, removeOlder, statOf } from './folders.ts';
import { fileStagingArea } from './staging-area.ts';
import { writeTemporary } from './temporary-blob.ts';

const hourMs = 60 * 60 * 1000;
const temporaryKeptMs = 24 * hourMs;
/** Fewer, larger pieces: each costs several turns on its way to a socket. */
const readBytes = 512 * 1024;

export type FileArtifactStoreOptions = { folder: string; clock?: Clock };

/**
 * Blobs as files named by their hash, below one folder. Several processes may share the folder: a blob appears by an
 * atomic rename, and equal bytes have equal names.
 *
 * @throws Error where the folder cannot be made or written.
 */
export function fileArtifactStore({ folder, clock = systemClock }: FileArtifactStoreOptions): ArtifactStore {
  const folders = makeFolders(folder);
  const sweep = sweeper(folders, clock);

  const found = async (sha256: string): Promise<string> => {
    const path = blobPath(folders, sha256);
    if (!(await statOf(path))) throw new Error(`The artifact store has no blob ${sha256}.`);
    return path;
  };

  async function* read(sha256: string, range?: { start: number; end: number }): ByteSource {
    const path = await found(sha256);
    if (range && range.end <= range.start) return;
    const whole = { highWaterMark: readBytes };
    yield* createReadStream(path, range ? { ...whole, start: range.start, end: range.end - 1 } : whole);
  }

  return {
    async put(source, { bytesMax, expected } = {}) {
      await sweep();
      const { sha256, bytes, keep, discard } = await writeTemporary(folders, source, bytesMax);
      try {
        checkExpected({ sha256, bytes }, expected);
      } catch (error) {
        await discard();
        throw error;
      }
      await keep();
      return { sha256, bytes };
    },

    read,

    async stat(sha256) {
      const facts = await statOf(blobPath(folders, sha256));
      return facts && { bytes: facts.size, storedAt: facts.mtime };
    },

    async delete(sha256) {
      await rm(blobPath(folders, sha256), { force: true });
    },

    list: () => listBlobs(folders),
    localPath: found,
    staging: fileStagingArea({ folders, sweep }),
  };
}

/** Removes what crashes left behind, at the first use and then once an hour at most. */
function sweeper(folders: Folders, clock: Clock): () => Promise<void> {
  let nextMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const nowMs = clock.nowMs();
    if (nowMs < nextMs) return;
    nextMs = nowMs + hourMs;
    await removeOlder(folders.temporary, new Date(nowMs - temporaryKeptMs));
    // An upload lives as long as its record says; what is older than that and a day has none any more.
    await removeOlder(folders.staging, new Date(nowMs - limits.uploadTtlMs - temporaryKeptMs));
  };
}

async function* listBlobs(folders: Folders): AsyncIterable<{ sha256: string; storedAt: Date }> {
  for (const prefix of await readdir(folders.blobs)) {
    for (const rest of await readdir(join(folders.blobs, prefix))) {
      const sha256 = prefix + rest;
      if (!Sha256.safeParse(sha256).success) continue;
      const facts = await statOf(blobPath(folders, sha256));
      if (facts) yield { sha256, storedAt: facts.mtime };
    }
  }
}
