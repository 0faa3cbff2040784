import { AppError, limits } from '@agon/contracts';
import type { Tree } from './tree.ts';

type Kind = 'file' | 'folder';

/**
 * Looks for files that could not be on one disk together: two whose names differ only by case, a file where another has
 * its folder.
 *
 * @throws AppError `repo_path_invalid`, `commit_invalid` where the repo would have too many files.
 */
export function checkTree(tree: Tree): void {
  if (tree.entries.length > limits.repoFilesMax) {
    throw new AppError('commit_invalid', `A repo has at most ${limits.repoFilesMax} files.`);
  }
  const seen = new Map<string, { name: string; kind: Kind }>();
  const enter = (name: string, kind: Kind): void => {
    const known = seen.get(name.toLowerCase());
    if (known === undefined) seen.set(name.toLowerCase(), { name, kind });
    else if (known.name !== name) {
      throw new AppError('repo_path_invalid', `The names ${known.name} and ${name} differ only by case.`);
    } else if (known.kind !== kind) {
      throw new AppError('repo_path_invalid', `${name} would be a file and a folder.`);
    }
  };
  for (const { path } of tree.entries) {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      enter(path.slice(0, slash), 'folder');
    }
    enter(path, 'file');
  }
}
