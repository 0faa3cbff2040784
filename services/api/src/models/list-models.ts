import { BaseModelEntry, limits, Model, ModelReference, PageQuery, pageOf } from '@agon/contracts';
import { z } from 'zod';
import type { RouteDeps } from '../deps.ts';
import { route } from '../http/route.ts';
import { pageFrom } from '../page.ts';
import { pushesOf } from '../publish/push-wire.ts';
import { baseModelEntry, modelWire } from './model-wire.ts';

export const ListedModel = z.union([Model, BaseModelEntry]);
export type ListedModel = z.infer<typeof ListedModel>;

const Kind = z.enum(['winner', 'base']);
type Wanted = { readonly accountId: string; readonly after: string | undefined; readonly count: number };

export const listModels = route({
  method: 'get',
  path: '/v1/models',
  tag: 'Models',
  operationId: 'listModels',
  summary: 'List winners, newest first, then base models',
  description: '`kind` picks one of the two. OpenAI’s clients ask for one page, so a page is as long as may be.',
  auth: 'key',
  scopes: ['jobs:read'],
  request: {
    query: PageQuery.extend({
      limit: PageQuery.shape.limit.default(limits.pageItemsMax),
      after: ModelReference.optional(),
      kind: Kind.optional(),
    }),
  },
  response: pageOf(ListedModel),
  status: 200,
  errors: ['invalid_request'],
  async handle({ deps, caller, query: { limit, after, kind } }) {
    const wanted = { accountId: caller.accountId, after, count: limit + 1 };
    const winners = kind === 'base' || isBase(after) ? [] : await winnersOf(deps, wanted);
    const left = wanted.count - winners.length;
    const bases = kind === 'winner' || left === 0 ? [] : await basesOf(deps, { ...wanted, count: left });
    return pageFrom<ListedModel>([...winners, ...bases], limit);
  },
});

/** Base models have a slash in their names; winners may, too, but say what they are. */
const isBase = (after: string | undefined): boolean => after !== undefined && !/^(ft:|model_)/.test(after);

async function winnersOf({ stores }: Pick<RouteDeps, 'stores'>, wanted: Wanted): Promise<Model[]> {
  const { accountId, count } = wanted;
  const alias = wanted.after?.startsWith('ft:') ? await stores.models.findByAlias(wanted.after) : undefined;
  const after = alias?.id ?? wanted.after;
  const models = await stores.models.list({ accountId, after, limit: count });
  const pushes = await stores.pushes.listByModels(models.map(({ id }) => id));
  return models.map((model) => modelWire(model, pushesOf(pushes, model.id)));
}

async function basesOf({ stores }: Pick<RouteDeps, 'stores'>, { after, count }: Wanted): Promise<BaseModelEntry[]> {
  const from = isBase(after) ? after : undefined;
  return (await stores.baseModels.list({ after: from, limit: count })).map(baseModelEntry);
}
