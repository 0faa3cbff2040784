import { AppError, HubRepoType } from '@agon/contracts';
import { z } from 'zod';
import { json } from '../http/exchange.ts';
import { readJson } from '../http/read-body.ts';
import type { HubRoute } from '../http/route.ts';
import { nowDate } from '../hub-deps.ts';
import { namespaceOf } from '../namespaces/namespace-of.ts';
import { checkWriter, findOwnRepo, nameOf } from './find-repo.ts';
import { purgeRepo } from './purge-repo.ts';

const DeleteBody = z.object({ name: z.string(), organization: z.string().nullish(), type: z.string().nullish() });

const deleteRepo: HubRoute = {
  method: 'DELETE',
  path: '/api/repos/delete',
  async handle(context) {
    const { deps } = context;
    const { accountId } = checkWriter(context.caller);
    const { name, organization, type } = await readJson(context.request, DeleteBody);
    const namespace = organization ?? (await namespaceOf(deps.stores, accountId));
    const kind = HubRepoType.safeParse(type ?? 'model');
    if (!kind.success) throw new AppError('hub_unsupported', `This registry keeps models and datasets, no ${type}.`);
    const repo = await findOwnRepo(context, { type: kind.data, namespace, name });
    if (await deps.stores.hub.repos.markDeleted(repo.id, nowDate(deps))) await purgeRepo(deps.stores, repo.id);
    return json({});
  },
};

const SettingsBody = z.object({
  private: z.boolean().nullish(),
  visibility: z.enum(['public', 'private']).nullish(),
  gated: z.union([z.string(), z.boolean()]).nullish(),
});

const changeSettings: HubRoute = {
  method: 'PUT',
  path: '/api/:types/:namespace/:name/settings',
  async handle(context) {
    const repo = await findOwnRepo(context, nameOf(context));
    const body = await readJson(context.request, SettingsBody);
    if (body.gated) throw new AppError('hub_unsupported', 'Repos of this registry are public or private.');
    const asked = body.private ?? (body.visibility ? body.visibility === 'private' : undefined);
    const isPrivate = asked ?? repo.private;
    await context.deps.stores.hub.repos.update(repo.id, { private: isPrivate });
    return json({ private: isPrivate });
  },
};

export const changeRepoRoutes = [deleteRepo, changeSettings];
