import { AppError, limits } from '@agon/contracts';
import type { HubRefRecord } from '@agon/store';
import { z } from 'zod';
import { json } from '../http/exchange.ts';
import { readJson } from '../http/read-body.ts';
import type { HubContext, HubRoute } from '../http/route.ts';
import { nowDate } from '../hub-deps.ts';
import { findOwnRepo, findRepo, nameOf } from '../repos/find-repo.ts';
import { checkRefName } from '../repos/names.ts';
import { baseCommit, findCommit } from './find-revision.ts';

const refFolders = { branch: 'heads', tag: 'tags' } as const;

const refWire = ({ kind, name, commitId }: Pick<HubRefRecord, 'kind' | 'name' | 'commitId'>) => ({
  name,
  ref: `refs/${refFolders[kind]}/${name}`,
  targetCommit: commitId,
});

export const refsRoute: HubRoute = {
  method: 'GET',
  path: '/api/:types/:namespace/:name/refs',
  async handle(context) {
    const found = await findRepo(context, nameOf(context));
    const refs: Pick<HubRefRecord, 'kind' | 'name' | 'commitId'>[] =
      found.kind === 'base'
        ? [{ kind: 'branch', name: 'main', commitId: baseCommit(found.base).id }]
        : await context.deps.stores.hub.refs.list(found.repo.id);
    const of = (kind: HubRefRecord['kind']) => refs.filter((ref) => ref.kind === kind).map(refWire);
    return json({ branches: of('branch'), tags: of('tag'), converts: [], pullRequests: [] });
  },
};

async function addRef(
  context: HubContext,
  { kind, name, from }: { kind: HubRefRecord['kind']; name: string; from: string },
): Promise<void> {
  const { deps } = context;
  const repo = await findOwnRepo(context, nameOf(context));
  checkRefName(name);
  const commit = await findCommit(context, repo, from);
  const known = await deps.stores.hub.refs.list(repo.id);
  if (known.length >= limits.refsMax) {
    throw new AppError('ref_exists', `A repo has at most ${limits.refsMax} branches and tags.`);
  }
  const taken = known.some((ref) => ref.name.toLowerCase() === name.toLowerCase());
  const ref = { repoId: repo.id, kind, name, commitId: commit.id, createdAt: nowDate(deps) };
  if (taken || !(await deps.stores.hub.refs.insert(ref))) {
    throw new AppError('ref_exists', `There is a branch or tag ${name} already.`);
  }
}

async function removeRef(context: HubContext, kind: HubRefRecord['kind'], name: string): Promise<void> {
  const repo = await findOwnRepo(context, nameOf(context));
  if (kind === 'branch' && name === 'main') {
    throw new AppError('revision_invalid', 'The branch main stays; delete the repo instead.');
  }
  if (await context.deps.stores.hub.refs.delete({ repoId: repo.id, kind, name })) return;
  throw new AppError('revision_not_found', `There is no ${kind} ${name}.`);
}

const BranchBody = z.object({ startingPoint: z.string().optional(), emptyBranch: z.boolean().optional() });

const createBranch: HubRoute = {
  method: 'POST',
  path: '/api/:types/:namespace/:name/branch/:branch',
  async handle(context) {
    const { startingPoint = 'main', emptyBranch } = await readJson(context.request, BranchBody);
    if (emptyBranch) throw new AppError('hub_unsupported', 'A branch begins at a commit; name it as startingPoint.');
    await addRef(context, { kind: 'branch', name: context.params.branch ?? '', from: startingPoint });
    return json({ success: true });
  },
};

const deleteBranch: HubRoute = {
  method: 'DELETE',
  path: '/api/:types/:namespace/:name/branch/:branch',
  async handle(context) {
    await removeRef(context, 'branch', context.params.branch ?? '');
    return json({ success: true });
  },
};

const TagBody = z.object({ tag: z.string(), message: z.string().optional() });

const createTag: HubRoute = {
  method: 'POST',
  path: '/api/:types/:namespace/:name/tag/:revision',
  async handle(context) {
    const { tag } = await readJson(context.request, TagBody);
    await addRef(context, { kind: 'tag', name: tag, from: context.params.revision ?? '' });
    return json({ success: true });
  },
};

const deleteTag: HubRoute = {
  method: 'DELETE',
  path: '/api/:types/:namespace/:name/tag/:revision',
  async handle(context) {
    await removeRef(context, 'tag', context.params.revision ?? '');
    return json({ success: true });
  },
};

export const refRoutes = [refsRoute, createBranch, deleteBranch, createTag, deleteTag];
