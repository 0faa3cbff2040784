import { createReadStream } from 'node:fs';
import { open, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { AppError, BlobRef } from '@agon/contracts';
import type { Clock } from '@agon/kit';
import type { StagingArea } from '../ports/index.ts';
import { blobPath, type Folders, moveDurably, stagingPath, statOf } from './folders.ts';
import { type Interruptible, interruptible } from './interruptible.ts';
import { asDiskFull, hashOf, writeChunks } from './write-stream.ts';

type Writer = { readonly source: Interruptible; readonly ended: Promise<unknown> };

const missing = () => new AppError('upload_not_found', 'There is no such upload; commit the submission again.');
const overtaken = () =>
  new AppError('upload_offset_mismatch', 'Another request goes on with this upload; ask the offset again.');

/**
 * Uploads as files that grow at their end. In one process an upload has one writer: a new request interrupts the one
 * before, whose connection is most likely dead. Writers in different processes write the same bytes at the same place,
 * and `commit` hashes what is really there.
 *
 * A committed upload leaves a small note, so that a commit that was repeated after a crash answers the same.
 */
export function fileStagingArea(deps: { folders: Folders; clock: Clock; sweep: () => Promise<void> }): StagingArea {
  const { folders, clock, sweep } = deps;
  const writers = new Map<string, Writer>();
  const notePath = (id: string): string => `${stagingPath(folders, id)}.committed`;

  async function noteOf(id: string): Promise<BlobRef | undefined> {
    if (!(await statOf(notePath(id)))) return undefined;
    return BlobRef.safeParse(JSON.parse(await readFile(notePath(id), 'utf8'))).data;
  }

  async function offset(id: string): Promise<number | undefined> {
    const facts = await statOf(stagingPath(folders, id));
    return facts ? facts.size : (await noteOf(id))?.bytes;
  }

  async function stopWriter(id: string): Promise<void> {
    for (let writer = writers.get(id); writer; writer = writers.get(id)) {
      writer.source.interrupt(overtaken());
      await writer.ended;
    }
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

    async append({ id, offset: start, bytesMax, source }) {
      await stopWriter(id);
      const chunks = interruptible(source);
      const written = write(id, start, bytesMax, chunks);
      const writer = { source: chunks, ended: written.catch(() => undefined) };
      writers.set(id, writer);
      try {
        return await written;
      } finally {
        if (writers.get(id) === writer) writers.delete(id);
      }
    },

    async commit(id, expected) {
      await stopWriter(id);
      const path = stagingPath(folders, id);
      const facts = await statOf(path);
      if (!facts) return committedBefore(folders, expected, await noteOf(id));
      const { sha256, bytes } = await hashOf(createReadStream(path));
      if (sha256 !== expected.sha256 || bytes !== expected.bytes) {
        await rm(path, { force: true });
        return false;
      }
      await syncFile(path, new Date(clock.nowMs()));
      await writeFile(notePath(id), JSON.stringify({ sha256, bytes }));
      await moveDurably(path, blobPath(folders, sha256));
      return true;
    },

    async discard(id) {
      await stopWriter(id);
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

/** Brings the bytes to the disk, and the time of the file to now: from here its age as a blob counts. */
async function syncFile(path: string, now: Date): Promise<void> {
  await utimes(path, now, now);
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
