import { AppError } from '@agon/contracts';
import { json } from '../http/exchange.ts';
import { type HubContext, type HubRoute, isOn } from '../http/route.ts';
import { namespaceOf } from '../namespaces/namespace-of.ts';
import { plainRef } from '../refs/find-revision.ts';
import { findOwnRepo, nameOf } from '../repos/find-repo.ts';
import { repoPath } from '../repos/names.ts';
import { createCommit, findHead } from './create-commit.ts';
import { readOperations } from './operations.ts';

/** @throws AppError `hub_unsupported`: there is nobody to review it. */
export function refusePullRequest({ request }: Pick<HubContext, 'request'>): void {
  if (!isOn(request.url.searchParams.get('create_pr'))) return;
  throw new AppError('hub_unsupported', 'This registry has no pull requests; commit to a branch.');
}

export const commitRoute: HubRoute = {
  method: 'POST',
  path: '/api/:types/:namespace/:name/commit/:revision',
  async handle(context) {
    const { deps, params, request, base } = context;
    refusePullRequest(context);
    const repo = await findOwnRepo(context, nameOf(context));
    const branch = plainRef(params.revision ?? '');
    // Before the body, which may be long.
    await findHead(deps, repo, branch);
    const { header, operations } = await readOperations(deps.artifacts, request.body);
    const author = await namespaceOf(deps.stores, repo.accountId);
    const commit = await createCommit(context, { repo, branch, author, header, operations });
    const commitUrl = `${base}/${repoPath(repo.type, `${repo.namespace}/${repo.name}`)}/commit/${commit.id}`;
    return json({ success: true, commitOid: commit.id, commitUrl, hookOutput: '' });
  },
};
