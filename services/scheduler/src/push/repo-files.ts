import { type ModelFile, mergedFolder, mergedRepoOf } from '@agon/contracts';

export type RepoContent = { readonly repo: string; readonly files: readonly ModelFile[] };

/** What a model becomes on a hub: its files, and its merged form as a repo beside it, whose root programs look into. */
export function reposOf(repo: string, files: readonly ModelFile[]): RepoContent[] {
  const merged = files.filter(({ path }) => path.startsWith(mergedFolder));
  const own = files.filter(({ path }) => !path.startsWith(mergedFolder));
  if (merged.length === 0) return [{ repo, files: own }];
  const rooted = merged.map((file) => ({ ...file, path: file.path.slice(mergedFolder.length) }));
  return [
    { repo, files: own },
    { repo: mergedRepoOf(repo), files: rooted },
  ];
}

/** A model's name as hubs take names: without two dashes or dots in a row. */
export const repoNameOf = (modelName: string): string => modelName.replaceAll(/([.-])[.-]+/g, '$1');
