import { mkdirSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Sha256 } from '@agon/contracts';
import { inside } from '@agon/kit';

/** Where things are below the folder of a store; all in one file system, so that a rename is atomic. */
export type Folders = { readonly blobs: string; readonly staging: string; readonly temporary: string };

/** Makes the folders. Throws where they cannot be made, so that a service fails at its start. */
export function makeFolders(folder: string): Folders {
  const folders = {
    blobs: join(folder, 'blobs'),
    staging: join(folder, 'staging'),
    temporary: join(folder, 'temporary'),
  };
  for (const path of Object.values(folders)) mkdirSync(path, { recursive: true });
  return folders;
}

/** `blobs/ab/cdef…`. @throws RangeError where the text is not a sha256. */
export function blobPath(folders: Folders, sha256: string): string {
  if (!Sha256.safeParse(sha256).success) throw new RangeError(`${JSON.stringify(sha256)} is not a sha256.`);
  return join(folders.blobs, sha256.slice(0, 2), sha256.slice(2));
}

/** The file of an upload. @throws RangeError where the id would lead out of the folder. */
export const stagingPath = (folders: Folders, id: string): string => inside(folders.staging, id);

/** The facts of a file, or undefined where there is none. */
export async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Gives a written and synced file its final name, so that a crash leaves the old state or the new one. */
export async function moveDurably(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
  await syncFolder(dirname(to));
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes files that nobody has touched since `before`. */
export async function removeOlder(folder: string, before: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const facts = await statOf(path);
    if (facts && facts.mtimeMs < before.getTime()) await rm(path, { recursive: true, force: true });
  }
}
