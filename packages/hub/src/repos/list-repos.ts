import { z } from 'zod';
import { json } from '../http/exchange.ts';
import { nextLink } from '../http/next-link.ts';
import { checked } from '../http/read-body.ts';
import { type HubContext, type HubRoute, repoTypeOf } from '../http/route.ts';
import type { FoundRepo } from './find-repo.ts';
import { repoWire } from './repo-wire.ts';

const itemsMax = 1_000;
const basesLookedAt = 100;
const basePagesMax = 100;

const Query = z.object({
  author: z.string().max(100).optional(),
  search: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(itemsMax).default(100),
  /** The id of the last item of the page before: of a repo, or `base:` and that of a base model. */
  cursor: z.string().max(300).optional(),
});
type Query = z.infer<typeof Query>;
type Page = { readonly items: FoundRepo[]; readonly next: string | undefined };

const basePrefix = 'base:';

async function reposPage({ deps, caller, params }: HubContext, query: Query): Promise<Page> {
  const repos = await deps.stores.hub.repos.list({
    type: repoTypeOf(params),
    namespace: query.author,
    search: query.search,
    readerId: caller?.scopes.includes('jobs:read') ? caller.accountId : undefined,
    after: query.cursor,
    limit: query.limit + 1,
  });
  const items = repos.slice(0, query.limit).map((repo): FoundRepo => ({ kind: 'repo', repo }));
  return { items, next: repos.length > query.limit ? repos[query.limit - 1]?.id : undefined };
}

const fits = ({ author, search }: Query, name: string): boolean => {
  const lower = name.toLowerCase();
  return (
    (author === undefined || lower.startsWith(`${author.toLowerCase()}/`)) &&
    (search === undefined || lower.includes(search.toLowerCase()))
  );
};

/** Base models, one a name, by their ids; few enough to look at all. */
async function basesPage({ deps }: HubContext, query: Query, limit: number): Promise<Page> {
  const items: FoundRepo[] = [];
  let after = query.cursor?.slice(basePrefix.length) || undefined;
  let name = after?.split('@')[0];
  for (let page = 0; page < basePagesMax; page += 1) {
    const bases = await deps.stores.baseModels.list({ after, limit: basesLookedAt });
    for (const base of bases) {
      if (base.name === name || !fits(query, base.name)) continue;
      if (items.length === limit) return { items, next: `${basePrefix}${after ?? ''}` };
      name = base.name;
      after = base.id;
      items.push({ kind: 'base', base });
    }
    if (bases.length < basesLookedAt) return { items, next: undefined };
    after = bases.at(-1)?.id;
  }
  return { items, next: undefined };
}

/** Repos, then base models, which read like repos. */
async function listPage(context: HubContext, query: Query): Promise<Page> {
  const isModels = repoTypeOf(context.params) === 'model';
  if (query.cursor?.startsWith(basePrefix)) return basesPage(context, query, query.limit);
  const repos = await reposPage(context, query);
  if (repos.next !== undefined || !isModels) return repos;
  const bases = await basesPage(context, { ...query, cursor: undefined }, query.limit - repos.items.length);
  return { items: [...repos.items, ...bases.items], next: bases.next };
}

export const listReposRoute: HubRoute = {
  method: 'GET',
  path: '/api/:types',
  async handle(context) {
    const query = checked(Query, Object.fromEntries(context.request.url.searchParams));
    const { items, next } = await listPage(context, query);
    const { author, search, limit } = query;
    const asked = { limit, ...(author === undefined ? {} : { author }), ...(search === undefined ? {} : { search }) };
    const headers =
      next === undefined ? {} : nextLink(context, `/api/${context.params.types}`, { ...asked, cursor: next });
    return json(items.map(repoWire), { headers });
  },
};
