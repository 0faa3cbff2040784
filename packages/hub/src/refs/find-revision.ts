import { createHash } from 'node:crypto';
import { AppError } from '@agon/contracts';
import type { BaseModelRecord, HubCommitRecord, HubRepoRecord } from '@agon/store';
import type { HubContext } from '../http/route.ts';
import type { FoundRepo } from '../repos/find-repo.ts';
import { pointerOid } from '../tree/oids.ts';
import { type CommitNote, type Tree, treeOf } from '../tree/tree.ts';

/** The files of a repo at one time. */
export type Snapshot = { readonly commit: CommitNote; readonly tree: Tree };

const commitPattern = /^[0-9a-f]{40}$/;
const shownCharactersMax = 100;

const unknown = (revision: string): AppError => {
  const shown = JSON.stringify(revision.slice(0, shownCharactersMax));
  return new AppError('revision_not_found', `There is no branch, tag or commit ${shown}.`);
};

/** `refs/heads/main` is `main`, and so is `HEAD`. */
export const plainRef = (revision: string): string =>
  revision === 'HEAD' ? 'main' : revision.replace(/^refs\/(heads|tags)\//, '');

/** @throws AppError `revision_not_found`. */
export async function findCommit(
  { deps }: Pick<HubContext, 'deps'>,
  repo: HubRepoRecord,
  revision: string,
): Promise<HubCommitRecord> {
  const ref = await deps.stores.hub.refs.find({ repoId: repo.id, name: plainRef(revision) });
  const commitId = ref?.commitId ?? (commitPattern.test(revision) ? revision : undefined);
  const commit = commitId && (await deps.stores.hub.commits.find({ repoId: repo.id, commitId }));
  if (!commit) throw unknown(revision);
  return commit;
}

/** The one commit of a base model: the one that it was fetched as, or one made of its name. */
export function baseCommit({ id, revision, createdAt }: BaseModelRecord): CommitNote {
  const made = createHash('sha1').update(id).digest('hex');
  return {
    id: commitPattern.test(revision) ? revision : made,
    title: `Revision ${revision}`,
    date: createdAt.toISOString(),
  };
}

function baseSnapshot(base: BaseModelRecord): Snapshot {
  const commit = baseCommit(base);
  const files = base.files.map((file) => ({ ...file, oid: pointerOid(file), lfs: true, since: commit }));
  return { commit, tree: treeOf(files) };
}

async function baseAt({ deps }: Pick<HubContext, 'deps'>, base: BaseModelRecord, revision: string): Promise<Snapshot> {
  if ([base.revision, baseCommit(base).id, 'main'].includes(plainRef(revision))) return baseSnapshot(base);
  const other = await deps.stores.baseModels.find(`${base.name}@${revision}`);
  if (!other) throw unknown(revision);
  return baseSnapshot(other);
}

export const noteOf = ({ id, title, createdAt }: HubCommitRecord): CommitNote => ({
  id,
  title,
  date: createdAt.toISOString(),
});

/**
 * The files of a repo at a branch, tag or commit.
 *
 * @throws AppError `revision_not_found`.
 */
export async function readSnapshot(
  context: Pick<HubContext, 'deps' | 'trees'>,
  found: FoundRepo,
  revision: string,
): Promise<Snapshot> {
  if (found.kind === 'base') return baseAt(context, found.base, revision);
  const commit = await findCommit(context, found.repo, revision);
  return { commit: noteOf(commit), tree: await context.trees(commit.tree) };
}
