import { AppError, type BlobRef, HubRepoType } from '@agon/contracts';
import type { HubRepoRecord } from '@agon/store';
import { z } from 'zod';
import { draftCommit, keepTree } from '../commits/create-commit.ts';
import { decodeBase64 } from '../commits/decode-base64.ts';
import { applyOperations, type Operation, storeContent } from '../commits/operations.ts';
import { settleCommit } from '../commits/settle-commits.ts';
import { json } from '../http/exchange.ts';
import { readJson } from '../http/read-body.ts';
import type { HubContext, HubRoute } from '../http/route.ts';
import { nowDate } from '../hub-deps.ts';
import { namespaceOf } from '../namespaces/namespace-of.ts';
import { checkTree } from '../tree/check-tree.ts';
import { repoPathProblem } from '../tree/repo-path-problem.ts';
import { bytesOf, emptyTree } from '../tree/tree.ts';
import { checkWriter } from './find-repo.ts';
import { checkRepoName, repoPath } from './names.ts';

const filesMax = 100;

const Body = z.object({
  name: z.string(),
  organization: z.string().nullish(),
  type: z.string().nullish(),
  private: z.boolean().nullish(),
  visibility: z.enum(['public', 'private', 'protected']).nullish(),
  license: z.string().max(100).nullish(),
  files: z
    .array(z.object({ path: z.string(), content: z.string(), encoding: z.enum(['base64', 'utf-8']).default('utf-8') }))
    .max(filesMax)
    .nullish(),
});
type Body = z.infer<typeof Body>;

/** @throws AppError `hub_unsupported` for spaces and the like. */
function typeOf(type: Body['type']): HubRepoType {
  const known = HubRepoType.safeParse(type ?? 'model');
  if (known.success) return known.data;
  throw new AppError('hub_unsupported', `This registry keeps models and datasets, no ${type}.`);
}

/** The owner's own namespace; it may be left out. @throws AppError `repo_forbidden`. */
async function ownNamespace({ deps, caller }: HubContext, organization: string | undefined): Promise<string> {
  const own = await namespaceOf(deps.stores, checkWriter(caller).accountId);
  if (organization === undefined || organization.toLowerCase() === own) return own;
  throw new AppError('repo_forbidden', `Your namespace is ${own}, not ${organization.slice(0, 100)}.`);
}

async function firstOperations({ deps }: HubContext, { files, license }: Body): Promise<Operation[]> {
  const given = (files ?? []).map(({ path, content, encoding }) => ({
    path,
    content: encoding === 'base64' ? decodeBase64(content) : Buffer.from(content, 'utf8'),
  }));
  const card = { path: 'README.md', content: Buffer.from(`---\nlicense: ${JSON.stringify(license)}\n---\n`) };
  const all = license && !given.some(({ path }) => path === card.path) ? [...given, card] : given;
  for (const { path } of all) {
    const problem = repoPathProblem(path);
    if (problem) throw new AppError('repo_path_invalid', `The path ${JSON.stringify(path.slice(0, 200))} ${problem}.`);
  }
  return Promise.all(all.map(({ path, content }) => storeContent(deps.artifacts, path, content)));
}

type Prepared = { readonly commitId: string; readonly blobs: readonly BlobRef[] };

/** The first commit of a repo and its `main`, before anybody can find it. */
async function prepare(context: HubContext, repo: HubRepoRecord, operations: readonly Operation[]): Promise<Prepared> {
  const { deps } = context;
  const header = { summary: 'initial commit', description: '' };
  const draft = draftCommit(deps, { repo, author: repo.namespace, header }, null);
  const since = { id: draft.id, title: draft.title, date: draft.createdAt.toISOString() };
  const { tree } = applyOperations(emptyTree, operations, since);
  checkTree(tree);
  const kept = await keepTree(deps, repo, { tree, before: emptyTree });
  const { hub } = deps.stores;
  await hub.commits.insert({ ...draft, tree: kept.tree, files: tree.entries.length, bytes: bytesOf(tree) });
  const { id: repoId, createdAt } = repo;
  await hub.refs.insert({ repoId, kind: 'branch', name: 'main', commitId: draft.id, createdAt });
  return { commitId: draft.id, blobs: kept.blobs };
}

async function isTaken({ deps }: HubContext, repo: HubRepoRecord): Promise<boolean> {
  const base = repo.type === 'model' && (await deps.stores.baseModels.findByName(`${repo.namespace}/${repo.name}`));
  return Boolean(base) || (await deps.stores.hub.repos.findByName(repo)) !== undefined;
}

export const createRepoRoute: HubRoute = {
  method: 'POST',
  path: '/api/repos/create',
  async handle(context) {
    const { deps, base } = context;
    const { accountId } = checkWriter(context.caller);
    const body = await readJson(context.request, Body);
    const type = typeOf(body.type);
    checkRepoName(body.name);
    const namespace = await ownNamespace(context, body.organization ?? undefined);
    const now = nowDate(deps);
    const repo: HubRepoRecord = {
      ...{ id: deps.newId('repo'), accountId, type, namespace, name: body.name },
      private: body.private ?? body.visibility === 'private',
      ...{ createdAt: now, updatedAt: now, deletedAt: null },
    };
    const id = `${namespace}/${body.name}`;
    const url = `${base}/${repoPath(type, id)}`;
    // Clients that do not mind whether it was there read the address from the refusal.
    const exists = json({ error: `You have a repo ${id} already.`, code: 'repo_exists', url, id }, { status: 409 });
    if (await isTaken(context, repo)) return exists;
    const prepared = await prepare(context, repo, await firstOperations(context, body));
    if (await deps.stores.hub.repos.insert(repo)) {
      await settleCommit(deps, repo, prepared);
      return json({ url, name: id, id });
    }
    await deps.stores.hub.refs.deleteByRepo(repo.id);
    await deps.stores.hub.commits.deleteByRepo(repo.id);
    await deps.stores.hub.blobs.deleteByRepo(repo.id);
    return exists;
  },
};
