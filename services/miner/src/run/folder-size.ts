import type { Dir } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

const blockBytes = 512;
const entriesMax = 50_000;
/** Deeper ones could not be named by a path at last, and so hold what nobody sees. */
const depthMax = 32;

/** How much a folder holds; `fault` where it was made so that this cannot be measured. */
export type FolderSize = { readonly bytes: number; readonly fault: string | undefined };

/** Adds up the disk of a folder that a stranger fills, without following a link; stops soon after `bytesMax`. */
export async function folderSize(folder: string, bytesMax: number): Promise<FolderSize> {
  const waiting: Place[] = [{ path: folder, depth: 0 }];
  const sum: Sum = { bytes: 0, entries: 0 };
  let fault: string | undefined;
  for (let next = waiting.pop(); next && sum.bytes <= bytesMax && fault === undefined; next = waiting.pop()) {
    if (next.depth > depthMax) return { bytes: sum.bytes, fault: `folders nested more than ${depthMax} deep` };
    const found = await opendir(next.path).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
    if (typeof found !== 'string') waiting.push(...(await addUp(found, { place: next, sum, bytesMax })));
    else if (found !== 'ENOENT') fault = `a folder that cannot be read (${found})`;
    if (sum.entries > entriesMax) fault = `more than ${entriesMax} files`;
  }
  return { bytes: sum.bytes, fault };
}

type Place = { readonly path: string; readonly depth: number };
type Sum = { bytes: number; entries: number };

/** @returns the folders in it. */
async function addUp(found: Dir, { place, sum, bytesMax }: { place: Place; sum: Sum; bytesMax: number }) {
  const folders: Place[] = [];
  for await (const entry of found) {
    const path = join(place.path, entry.name);
    sum.entries += 1;
    sum.bytes += ((await lstat(path).catch(() => undefined))?.blocks ?? 0) * blockBytes;
    if (entry.isDirectory()) folders.push({ path, depth: place.depth + 1 });
    if (sum.bytes > bytesMax || sum.entries > entriesMax) break;
  }
  return folders;
}
