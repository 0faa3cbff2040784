import type { BlobRef } from '@agon/contracts';
import type { HubCommitRecord, HubRepoRecord } from '@agon/store';
import type { HubDeps } from '../hub-deps.ts';
import { holdBlobs } from '../lfs/uploaded.ts';
import { createTreeReader } from '../tree/tree-reader.ts';

const commitsPerPass = 50;
/** From its record to the branch a commit takes moments; one that is this old and not settled was left by a crash. */
const unsettledMs = 60 * 60 * 1_000;

type Deps = Pick<HubDeps, 'stores' | 'artifacts' | 'clock'>;

/** After the branch has moved: the repo holds what the commit brought for good. */
export async function settleCommit(
  deps: Pick<HubDeps, 'stores'>,
  repo: Pick<HubRepoRecord, 'id' | 'accountId'>,
  { commitId, blobs }: { commitId: string; blobs: readonly BlobRef[] },
): Promise<void> {
  await holdBlobs(deps, repo, { blobs, expiresAt: null });
  await deps.stores.hub.commits.settle(commitId);
}

/** Whether the commit was ever the head of a branch: it is one now, or another was begun on top of it. */
async function isMade({ stores }: Deps, { repoId, id: commitId }: HubCommitRecord): Promise<boolean> {
  const refs = await stores.hub.refs.list(repoId);
  return refs.some((ref) => ref.commitId === commitId) || stores.hub.commits.hasChild({ repoId, commitId });
}

async function mend(deps: Deps, commit: HubCommitRecord): Promise<void> {
  const { hub } = deps.stores;
  const repo = await hub.repos.find(commit.repoId);
  if (repo === undefined) {
    // The repo was never finished, or is being deleted.
    await hub.refs.deleteByRepo(commit.repoId);
    await hub.commits.deleteByRepo(commit.repoId);
    await hub.blobs.deleteByRepo(commit.repoId);
    return;
  }
  if (!(await isMade(deps, commit))) {
    await hub.commits.delete(commit.id);
    return;
  }
  const tree = await createTreeReader(deps.artifacts)(commit.tree);
  await settleCommit(deps, repo, { commitId: commit.id, blobs: [commit.tree, ...tree.entries] });
}

/**
 * Finishes commits that a crash left behind: of one that was made the blobs are held for good, one that was not is removed.
 * It must run within a day of the crash, for so long blobs are held in any case. Answers how many there were.
 */
export async function settleCommits(deps: Deps): Promise<number> {
  const before = new Date(deps.clock.nowMs() - unsettledMs);
  const commits = await deps.stores.hub.commits.listUnsettled({ before, limit: commitsPerPass });
  for (const commit of commits) await mend(deps, commit);
  return commits.length;
}
