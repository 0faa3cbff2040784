import { AppError, type HubRepoType } from '@agon/contracts';
import type { BaseModelRecord, HubRepoRecord } from '@agon/store';
import { type HubContext, repoTypeOf } from '../http/route.ts';
import type { HubCaller } from '../hub-deps.ts';

/** A repo, or a base model, which reads like one and cannot be written. */
export type FoundRepo =
  | { readonly kind: 'repo'; readonly repo: HubRepoRecord }
  | { readonly kind: 'base'; readonly base: BaseModelRecord };

export type RepoName = { readonly type: HubRepoType; readonly namespace: string; readonly name: string };
type Asker = Pick<HubContext, 'deps' | 'caller'>;

/** Word for word the same for a repo that is not there and one that is not for the caller. */
const notFound = ({ type, namespace, name }: RepoName): AppError =>
  new AppError('repo_not_found', `There is no ${type} ${namespace}/${name} that you may read.`);

/** The repo that an address names. */
export const nameOf = ({ params }: Pick<HubContext, 'params'>): RepoName => ({
  type: repoTypeOf(params),
  namespace: params.namespace ?? '',
  name: params.name ?? '',
});

const mayRead = (repo: HubRepoRecord, caller: HubCaller): boolean =>
  !repo.private || (caller?.accountId === repo.accountId && caller.scopes.includes('jobs:read'));

/**
 * Finds what the caller may read. Base models come first, so that nobody can put a repo in front of one.
 *
 * @throws AppError `repo_not_found`.
 */
export async function findRepo({ deps, caller }: Asker, name: RepoName): Promise<FoundRepo> {
  const full = `${name.namespace}/${name.name}`;
  const base = name.type === 'model' ? await deps.stores.baseModels.findByName(full) : undefined;
  if (base) return { kind: 'base', base };
  const repo = await deps.stores.hub.repos.findByName(name);
  if (!repo || !mayRead(repo, caller)) throw notFound(name);
  return { kind: 'repo', repo };
}

/** @throws AppError `missing_api_key`, `missing_scope`. */
export function checkWriter(caller: HubCaller): NonNullable<HubCaller> {
  if (caller === null) throw new AppError('missing_api_key', 'This needs a token: `hf_` and then an API key.');
  if (!caller.scopes.includes('jobs:write')) {
    throw new AppError('missing_scope', 'The API key lacks the scope jobs:write.');
  }
  return caller;
}

/**
 * Finds a repo that the caller may write.
 *
 * @throws AppError `repo_not_found`, `repo_forbidden`, `missing_api_key`, `missing_scope`.
 */
export async function findOwnRepo(asker: Asker, name: RepoName): Promise<HubRepoRecord> {
  const found = await findRepo(asker, name);
  const caller = checkWriter(asker.caller);
  if (found.kind === 'base') throw new AppError('repo_forbidden', 'Base models can be read only.');
  if (found.repo.accountId !== caller.accountId) {
    throw new AppError('repo_forbidden', `${name.namespace}/${name.name} belongs to another account.`);
  }
  return found.repo;
}
