export type CommitNote = { readonly id: string; readonly title: string; readonly date: string };

/** A file of a commit. */
export type TreeEntry = {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** git's name of the file: of its content, or of its LFS pointer. */
  readonly oid: string;
  readonly lfs: boolean;
  /** The commit that brought it. */
  readonly since: CommitNote;
};

/** The files of a commit in the order of their paths. */
export type Tree = { readonly entries: readonly TreeEntry[]; readonly byPath: ReadonlyMap<string, TreeEntry> };

const byPathOrder = (one: TreeEntry, two: TreeEntry): number => (one.path < two.path ? -1 : 1);

export function treeOf(files: Iterable<TreeEntry>): Tree {
  const entries = [...files].sort(byPathOrder);
  return { entries, byPath: new Map(entries.map((entry) => [entry.path, entry])) };
}

export const emptyTree: Tree = treeOf([]);

export const bytesOf = (tree: Tree): number => tree.entries.reduce((sum, { bytes }) => sum + bytes, 0);

type Row = [path: string, bytes: number, sha256: string, oid: string, lfs: 0 | 1, commit: number];

/** A tree as bytes. */
export function encodeTree(tree: Tree): Uint8Array {
  const commits = [...new Map(tree.entries.map(({ since }) => [since.id, since])).values()];
  const numbers = new Map(commits.map(({ id }, number) => [id, number]));
  const files = tree.entries.map(
    ({ path, bytes, sha256, oid, lfs, since }): Row => [
      ...([path, bytes, sha256, oid] as const),
      lfs ? 1 : 0,
      numbers.get(since.id) ?? 0,
    ],
  );
  return Buffer.from(JSON.stringify({ version: 1, commits, files }));
}

/** Reads what `encodeTree` wrote. */
export function decodeTree(bytes: Uint8Array): Tree {
  const { commits, files } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { commits: CommitNote[]; files: Row[] };
  return treeOf(
    files.map(([path, size, sha256, oid, lfs, commit]) => {
      const since = commits[commit];
      if (since === undefined) throw new RangeError(`The file ${path} names a commit that its tree does not.`);
      return { path, bytes: size, sha256, oid, lfs: lfs === 1, since };
    }),
  );
}
