import type { BaseModelRecord, HubRepoRecord } from '@agon/store';
import { baseCommit, type Snapshot } from '../refs/find-revision.ts';
import { lfsFacts } from '../tree/list-tree.ts';
import { bytesOf, type TreeEntry } from '../tree/tree.ts';
import type { FoundRepo } from './find-repo.ts';

type Facts = {
  id: string;
  repoId: string;
  isPrivate: boolean;
  createdAt: Date;
  updatedAt: Date;
};

const factsOfRepo = (repo: HubRepoRecord): Facts => ({
  id: `${repo.namespace}/${repo.name}`,
  repoId: repo.id,
  isPrivate: repo.private,
  createdAt: repo.createdAt,
  updatedAt: repo.updatedAt,
});

const factsOfBase = (base: BaseModelRecord): Facts => ({
  id: base.name,
  repoId: baseCommit(base).id,
  isPrivate: false,
  createdAt: base.createdAt,
  updatedAt: base.createdAt,
});

/** A repo in a list, as the hub writes it. What this registry does not count is 0. */
export function repoWire(found: FoundRepo) {
  const facts = found.kind === 'repo' ? factsOfRepo(found.repo) : factsOfBase(found.base);
  return {
    _id: facts.repoId,
    id: facts.id,
    modelId: facts.id,
    author: facts.id.split('/')[0],
    private: facts.isPrivate,
    gated: false,
    disabled: false,
    createdAt: facts.createdAt.toISOString(),
    lastModified: facts.updatedAt.toISOString(),
    downloads: 0,
    likes: 0,
    tags: [] as string[],
  };
}

const sibling = (entry: TreeEntry, blobs: boolean) => ({
  rfilename: entry.path,
  ...(blobs ? { size: entry.bytes, blobId: entry.oid } : {}),
  ...(blobs && entry.lfs ? { lfs: { ...lfsFacts(entry), sha256: entry.sha256 } } : {}),
});

/** A repo at a revision, with its files. */
export const repoAtWire = (found: FoundRepo, { commit, tree }: Snapshot, options: { blobs: boolean }) => ({
  ...repoWire(found),
  sha: commit.id,
  siblings: tree.entries.map((entry) => sibling(entry, options.blobs)),
  usedStorage: bytesOf(tree),
});
