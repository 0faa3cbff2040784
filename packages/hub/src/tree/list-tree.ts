import { folderOid, lfsPointer } from './oids.ts';
import type { CommitNote, Tree, TreeEntry } from './tree.ts';

/** A file or a folder as the hub writes it. */
export type TreeItem = Readonly<Record<string, unknown>> & { readonly path: string };

/** What the hub says of a large file beside its name. */
export const lfsFacts = (entry: TreeEntry) => ({
  oid: entry.sha256,
  size: entry.bytes,
  pointerSize: Buffer.byteLength(lfsPointer(entry)),
});

const fileItem = (entry: TreeEntry, expand: boolean): TreeItem => ({
  type: 'file',
  oid: entry.oid,
  size: entry.bytes,
  path: entry.path,
  ...(entry.lfs ? { lfs: lfsFacts(entry) } : {}),
  ...(expand ? { lastCommit: entry.since } : {}),
});

/** The latest of the commits that brought the files. */
const latest = (entries: readonly TreeEntry[]): CommitNote | undefined =>
  entries.reduce<CommitNote | undefined>(
    (found, { since }) => (found === undefined || since.date > found.date ? since : found),
    undefined,
  );

function folderItem(path: string, entries: readonly TreeEntry[], expand: boolean): TreeItem {
  const lines = entries.map((entry) => `${entry.path.slice(path.length + 1)} ${entry.oid}`);
  const lastCommit = expand ? latest(entries) : undefined;
  return { type: 'directory', oid: folderOid(lines), size: 0, path, ...(lastCommit ? { lastCommit } : {}) };
}

const below = (tree: Tree, folder: string): readonly TreeEntry[] =>
  folder === '' ? tree.entries : tree.entries.filter(({ path }) => path.startsWith(`${folder}/`));

/**
 * What is in a folder, in the order of paths; with `recursive` also what is in its folders. Undefined where there is no
 * such folder.
 */
export function listTree(
  tree: Tree,
  folder: string,
  { recursive, expand }: { recursive: boolean; expand: boolean },
): TreeItem[] | undefined {
  const entries = below(tree, folder);
  if (entries.length === 0 && folder !== '') return undefined;
  const start = folder === '' ? 0 : folder.length + 1;
  const items: TreeItem[] = [];
  const folders = new Map<string, TreeEntry[]>();
  for (const entry of entries) {
    for (const name of foldersOf(entry.path, start, recursive)) {
      const inside = folders.get(name);
      if (inside) inside.push(entry);
      else folders.set(name, [entry]);
    }
    if (recursive || !entry.path.includes('/', start)) items.push(fileItem(entry, expand));
  }
  for (const [path, inside] of folders) items.push(folderItem(path, inside, expand));
  return items.sort((one, two) => (one.path < two.path ? -1 : 1));
}

function* foldersOf(path: string, start: number, recursive: boolean): Generator<string> {
  for (let slash = path.indexOf('/', start); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    yield path.slice(0, slash);
    if (!recursive) return;
  }
}

/** A file or folder by its path. */
export function itemAt(tree: Tree, path: string, expand: boolean): TreeItem | undefined {
  const entry = tree.byPath.get(path);
  if (entry) return fileItem(entry, expand);
  const entries = path === '' ? [] : below(tree, path);
  return entries.length === 0 ? undefined : folderItem(path, entries, expand);
}
