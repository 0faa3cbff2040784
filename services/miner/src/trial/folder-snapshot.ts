import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const entriesMax = 20_000;

/** What every entry of a folder is, by its path: enough to see whether it was changed. */
export type FolderSnapshot = ReadonlyMap<string, string>;

/** @param except names of entries at the top that are left out. */
export async function snapshotOf(folder: string, except: readonly string[] = []): Promise<FolderSnapshot> {
  const found = new Map<string, string>();
  const waiting = (await namesOf(folder)).filter((name) => !except.includes(name));
  for (let path = waiting.pop(); path !== undefined && found.size < entriesMax; path = waiting.pop()) {
    const facts = await lstat(join(folder, path)).catch(() => undefined);
    if (!facts) continue;
    const kind = facts.isSymbolicLink() ? 'link' : facts.isDirectory() ? 'folder' : 'file';
    found.set(path, kind === 'file' ? `file ${facts.size} ${facts.mtimeMs} ${facts.ino}` : kind);
    if (kind === 'folder') waiting.push(...(await namesOf(join(folder, path))).map((name) => join(path, name)));
  }
  return found;
}

/** Paths that are new, gone or another than before. */
export function changesBetween(before: FolderSnapshot, after: FolderSnapshot): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).toSorted();
}

const namesOf = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
