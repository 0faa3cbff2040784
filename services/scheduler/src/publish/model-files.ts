import type { ModelFile } from '@agon/contracts';

/** Paths by which some file system would take two files for one. */
const folded = (path: string): string => path.toLowerCase();

/** The miner's files under their own paths, then ours. One that would hide ours moves to `submission/`. */
export function modelFiles(submitted: readonly ModelFile[], ours: readonly ModelFile[]): ModelFile[] {
  const taken = new Set(ours.map((file) => folded(file.path)));
  const returned = submitted.map(({ path, bytes, sha256 }) => {
    return { path: freePath(path, taken), bytes, sha256 };
  });
  return [...returned, ...ours.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }))];
}

function freePath(path: string, taken: Set<string>): string {
  let free = path;
  while (taken.has(folded(free))) free = `submission/${free}`;
  taken.add(folded(free));
  return free;
}
