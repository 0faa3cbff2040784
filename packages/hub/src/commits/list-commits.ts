import { z } from 'zod';
import { json } from '../http/exchange.ts';
import { nextLink } from '../http/next-link.ts';
import { checked } from '../http/read-body.ts';
import type { HubContext, HubRoute } from '../http/route.ts';
import { baseCommit, findCommit } from '../refs/find-revision.ts';
import { findRepo, nameOf } from '../repos/find-repo.ts';

const Query = z.object({ limit: z.coerce.number().int().min(1).max(100).default(50) });

const commitWire = (commit: { id: string; title: string; message: string; date: string; author: string }) => {
  const { author, ...fields } = commit;
  return { ...fields, authors: [{ user: author }] };
};

async function history(context: HubContext, repoId: string, commitId: string, limit: number) {
  const found = [];
  let next: string | null = commitId;
  for (let count = 0; count < limit && next !== null; count += 1) {
    const commit = await context.deps.stores.hub.commits.find({ repoId, commitId: next });
    next = commit?.parentId ?? null;
    if (commit) found.push(commit);
  }
  return { found, next };
}

export const listCommitsRoute: HubRoute = {
  method: 'GET',
  path: '/api/:types/:namespace/:name/commits/:revision',
  async handle(context) {
    const found = await findRepo(context, nameOf(context));
    if (found.kind === 'base') {
      const commit = baseCommit(found.base);
      return json([commitWire({ ...commit, message: '', author: found.base.name.split('/')[0] ?? '' })]);
    }
    const { limit } = checked(Query, Object.fromEntries(context.request.url.searchParams));
    const start = await findCommit(context, found.repo, context.params.revision ?? '');
    const page = await history(context, found.repo.id, start.id, limit);
    const commits = page.found.map(({ id, title, description, author, createdAt }) =>
      commitWire({ id, title, message: description, date: createdAt.toISOString(), author }),
    );
    if (page.next === null) return json(commits);
    const { types, namespace, name } = context.params;
    return json(commits, {
      headers: nextLink(context, `/api/${types}/${namespace}/${name}/commits/${page.next}`, { limit }),
    });
  },
};
