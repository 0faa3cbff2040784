import { createReadStream } from 'node:fs';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { AppError, BlobRef } from '@agon/contracts';
import type { StagingArea } from '../ports/index.ts';
import { blobPath, type Folders, stagingPath, statOf } from './folders.ts';
import type { Interruptible } from './interruptible.ts';
import { OneWriter } from './one-writer.ts';
import { writeTemporary } from './temporary-blob.ts';
import { asDiskFull, writeChunks } from './write-stream.ts';

const missing = () => new AppError('upload_not_found', 'There is no such upload; commit the submission again.');
/**
 * Uploads as files that grow at their end. Writers in different processes write at the same place; whose bytes stay
 * there does not matter, as `commit` hashes them.
 *
 * A committed upload leaves a small note, so that a commit that was repeated after a crash answers the same.
 */
export function fileStagingArea(deps: { folders: Folders; sweep: () => Promise<void> }): StagingArea {
  const { folders, sweep } = deps;
  const writers = new OneWriter();
  const notePath = (id: string): string => `${stagingPath(folders, id)}.committed`;

  async function noteOf(id: string): Promise<BlobRef | undefined> {
    if (!(await statOf(notePath(id)))) return undefined;
    return BlobRef.safeParse(JSON.parse(await readFile(notePath(id), 'utf8'))).data;
  }

  async function offset(id: string): Promise<number | undefined> {
    const facts = await statOf(stagingPath(folders, id));
    return facts ? facts.size : (await noteOf(id))?.bytes;
  }

  async function write(id: string, start: number, bytesMax: number, source: Interruptible): Promise<number> {
    const facts = await statOf(stagingPath(folders, id));
    if (!facts) throw missing();
    if (facts.size !== start) {
      throw new AppError('upload_offset_mismatch', `The upload has ${facts.size} bytes; go on from there.`);
    }
    const tooLarge = () => new AppError('body_too_large', `The upload was announced with ${bytesMax} bytes.`);
    const file = await open(stagingPath(folders, id), 'r+');
    try {
      return await writeChunks({ file, position: start, bytesMax, tooLarge, source });
    } finally {
      await file.close();
    }
  }

  return {
    offset,

    async create(id) {
      await sweep();
      try {
        await writeFile(stagingPath(folders, id), '', { flag: 'a' });
      } catch (error) {
        throw asDiskFull(error);
      }
    },

    append: ({ id, offset: start, bytesMax, source }) =>
      writers.write(id, source, (chunks) => write(id, start, bytesMax, chunks)),

    async commit(id, expected) {
      await writers.stop(id);
      const path = stagingPath(folders, id);
      const facts = await statOf(path);
      if (!facts) return committedBefore(folders, expected, await noteOf(id));
      // Hashed while it is copied: a writer in another process that comes late can change the upload, but no blob.
      const { sha256, bytes, keep, discard } = await writeTemporary(folders, createReadStream(path));
      const fits = sha256 === expected.sha256 && bytes === expected.bytes;
      if (fits) {
        await keep();
        await writeFile(notePath(id), JSON.stringify({ sha256, bytes }));
      } else {
        await discard();
      }
      await rm(path, { force: true });
      return fits;
    },

    async discard(id) {
      await writers.stop(id);
      await rm(stagingPath(folders, id), { force: true });
      await rm(notePath(id), { force: true });
    },
  };
}

async function committedBefore(folders: Folders, expected: BlobRef, note: BlobRef | undefined): Promise<boolean> {
  const blob = note && (await statOf(blobPath(folders, note.sha256)));
  if (!blob || note.sha256 !== expected.sha256 || note.bytes !== expected.bytes) throw missing();
  return true;
}
