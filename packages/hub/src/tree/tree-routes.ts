import { AppError } from '@agon/contracts';
import { z } from 'zod';
import { json } from '../http/exchange.ts';
import { nextLink } from '../http/next-link.ts';
import { checked, readJson } from '../http/read-body.ts';
import { type HubRoute, isOn } from '../http/route.ts';
import { readSnapshot } from '../refs/find-revision.ts';
import { findRepo, nameOf } from '../repos/find-repo.ts';
import { itemAt, listTree } from './list-tree.ts';

const itemsMax = 1_000;
const pathsMax = 1_000;

const Page = z.object({
  limit: z.coerce.number().int().min(1).max(itemsMax).default(itemsMax),
  cursor: z.coerce.number().int().min(0).default(0),
});

export const treeRoute: HubRoute = {
  method: 'GET',
  path: '/api/:types/:namespace/:name/tree/:revision/*path',
  async handle(context) {
    const { types, namespace, name, revision = '', path = '' } = context.params;
    const { searchParams } = context.request.url;
    const query = { recursive: isOn(searchParams.get('recursive')), expand: isOn(searchParams.get('expand')) };
    const { limit, cursor } = checked(Page, Object.fromEntries(searchParams));
    const snapshot = await readSnapshot(context, await findRepo(context, nameOf(context)), revision);
    const folder = path.replace(/\/$/, '');
    const items = listTree(snapshot.tree, folder, query);
    if (!items) throw new AppError('entry_not_found', `There is no folder ${JSON.stringify(folder.slice(0, 200))}.`);
    const page = items.slice(cursor, cursor + limit);
    if (cursor + limit >= items.length) return json(page);
    // The next page is of the same commit, whatever is committed meanwhile.
    const below = folder === '' ? '' : `/${encodeURIComponent(folder)}`;
    const next = `/api/${types}/${namespace}/${name}/tree/${snapshot.commit.id}${below}`;
    return json(page, { headers: nextLink(context, next, { ...query, limit, cursor: cursor + limit }) });
  },
};

const PathsBody = z.object({
  paths: z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.string()).max(pathsMax)),
  expand: z.preprocess((value) => isOn(String(value)), z.boolean()),
});

/** What there is of these paths; those that are not there are left out. */
export const pathsInfoRoute: HubRoute = {
  method: 'POST',
  path: '/api/:types/:namespace/:name/paths-info/:revision',
  async handle(context) {
    const found = await findRepo(context, nameOf(context));
    const { tree } = await readSnapshot(context, found, context.params.revision ?? '');
    const { paths, expand } = await readJson(context.request, PathsBody);
    const items = [...new Set(paths)].map((path) => itemAt(tree, path.replace(/\/$/, ''), expand));
    return json(items.filter((item) => item !== undefined));
  },
};
