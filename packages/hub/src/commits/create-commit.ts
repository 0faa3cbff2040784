import { createHash } from 'node:crypto';
import { AppError, type BlobRef } from '@agon/contracts';
import type { ByteSource, HubCommitRecord, HubRepoRecord } from '@agon/store';
import type { HubContext } from '../http/route.ts';
import { type HubDeps, nowDate } from '../hub-deps.ts';
import { checkUploaded, holdBlobs, pendingMs, sizesOf } from '../lfs/uploaded.ts';
import { noteOf } from '../refs/find-revision.ts';
import { checkTree } from '../tree/check-tree.ts';
import { bytesOf, encodeTree, type Tree } from '../tree/tree.ts';
import type { CommitHeader } from './commit-body.ts';
import { applyOperations, type Operation } from './operations.ts';
import { settleCommit } from './settle-commits.ts';

const attemptsMax = 5;
const nonceBytes = 20;

export type NewCommit = {
  readonly repo: HubRepoRecord;
  readonly branch: string;
  readonly author: string;
  readonly header: CommitHeader;
  readonly operations: readonly Operation[];
};

async function* once(content: Uint8Array): ByteSource {
  yield content;
}

const conflict = (branch: string, head: string): AppError =>
  new AppError('commit_conflict', `The branch ${branch} is at ${head} now.`);

/** A commit that nothing points to yet, without its tree. */
export function draftCommit(
  deps: HubDeps,
  { repo, author, header }: Pick<NewCommit, 'repo' | 'author' | 'header'>,
  parentId: string | null,
): Omit<HubCommitRecord, 'tree' | 'files' | 'bytes'> {
  const nonce = Buffer.from(deps.randomBytes(nonceBytes)).toString('hex');
  return {
    id: createHash('sha1').update(`${repo.id} ${parentId} ${nonce}`).digest('hex'),
    repoId: repo.id,
    parentId,
    title: header.summary,
    description: header.description,
    author,
    createdAt: nowDate(deps),
    settled: false,
  };
}

export type KeptTree = { readonly tree: BlobRef; readonly blobs: readonly BlobRef[] };

/**
 * Writes the tree, and lets the repo hold it and its new blobs for as long as a commit can take.
 *
 * @throws AppError `blob_not_uploaded` where a blob was deleted meanwhile.
 */
export async function keepTree(
  deps: HubDeps,
  repo: HubRepoRecord,
  { tree, before }: { tree: Tree; before: Tree },
): Promise<KeptTree> {
  const blob = await deps.artifacts.put(once(encodeTree(tree)));
  const added = tree.entries.filter((entry) => before.byPath.get(entry.path)?.sha256 !== entry.sha256);
  const sizes = new Map([blob, ...added].map(({ sha256, bytes }) => [sha256, bytes]));
  const blobs = [...sizes].map(([sha256, bytes]) => ({ sha256, bytes }));
  await holdBlobs(deps, repo, { blobs, expiresAt: new Date(deps.clock.nowMs() + pendingMs) });
  // One that was deleted before it was held is missed here; from now on none can be.
  const there = await sizesOf(deps.artifacts, [...sizes.keys()]);
  const lost = added.find(({ sha256 }) => !there.has(sha256));
  if (lost) {
    throw new AppError('blob_not_uploaded', `The bytes of ${lost.path} were deleted meanwhile; upload them again.`);
  }
  return { tree: blob, blobs };
}

async function tryCommit(
  { deps, trees }: Pick<HubContext, 'deps' | 'trees'>,
  { repo, branch, ...made }: NewCommit,
  head: HubCommitRecord,
): Promise<HubCommitRecord | undefined> {
  const draft = draftCommit(deps, { repo, ...made }, head.id);
  const before = await trees(head.tree);
  const { tree, changed } = applyOperations(before, made.operations, noteOf({ ...head, ...draft }));
  if (!changed) return head;
  checkTree(tree);
  const kept = await keepTree(deps, repo, { tree, before });
  const commit = { ...draft, tree: kept.tree, files: tree.entries.length, bytes: bytesOf(tree) };
  await deps.stores.hub.commits.insert(commit);
  const move = { repoId: repo.id, name: branch, from: head.id, to: commit.id };
  if (await deps.stores.hub.refs.advance(move)) {
    await settleCommit(deps, repo, { commitId: commit.id, blobs: kept.blobs });
    return commit;
  }
  // Another commit may have the same new blobs: what is held for a time ends by itself.
  await deps.stores.hub.commits.delete(commit.id);
  return undefined;
}

/**
 * Commits on top of a branch. The one step that everybody sees is a compare-and-set of the branch: before it nothing has
 * changed, after it everything is there. Where the header names no parent, another commit that came first is gone on from.
 * Operations that change nothing make no commit; the head is answered.
 *
 * @throws AppError `revision_not_found`, `commit_conflict`, `blob_not_uploaded`, `entry_not_found`, `repo_path_invalid`,
 * `commit_invalid`.
 */
export async function createCommit(
  context: Pick<HubContext, 'deps' | 'trees'>,
  wanted: NewCommit,
): Promise<HubCommitRecord> {
  const { stores } = context.deps;
  const { repo, branch, header } = wanted;
  const operations = await checkUploaded(context.deps, repo.accountId, wanted.operations);
  let head: HubCommitRecord | undefined;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    head = await findHead(context.deps, repo, branch);
    if (header.parentCommit !== undefined && header.parentCommit !== head.id) throw conflict(branch, head.id);
    const commit = await tryCommit(context, { ...wanted, operations }, head);
    if (commit === undefined) continue;
    await stores.hub.repos.update(repo.id, { updatedAt: commit.createdAt });
    return commit;
  }
  throw conflict(branch, head?.id ?? 'another commit');
}

/** @throws AppError `revision_not_found` where there is no such branch; a tag cannot be committed to. */
export async function findHead(
  { stores }: Pick<HubDeps, 'stores'>,
  repo: HubRepoRecord,
  branch: string,
): Promise<HubCommitRecord> {
  const ref = await stores.hub.refs.find({ repoId: repo.id, name: branch });
  const commitId = ref?.kind === 'branch' ? ref.commitId : undefined;
  const head = commitId && (await stores.hub.commits.find({ repoId: repo.id, commitId }));
  if (!head) throw new AppError('revision_not_found', `There is no branch ${branch}.`);
  return head;
}
