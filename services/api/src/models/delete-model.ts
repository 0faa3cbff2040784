import { Deleted, ModelReference, mergedFolder, mergedRepoOf } from '@agon/contracts';
import { purgeRepo } from '@agon/hub';
import type { ModelRecord, PushRecord, Stores } from '@agon/store';
import { z } from 'zod';
import { releaseBlobs } from '../artifacts/release-blob.ts';
import { nowDate } from '../deps.ts';
import { route } from '../http/route.ts';
import { findModel } from './model-wire.ts';

export const deleteModel = route({
  method: 'delete',
  path: '/v1/models/:model_id',
  tag: 'Models',
  operationId: 'deleteModel',
  summary: 'Delete a model',
  description:
    'It answers no more, and its repo in this service’s registry goes with it. Copies on other hubs stay; delete them there.',
  auth: 'key',
  scopes: ['jobs:write'],
  request: { params: z.object({ model_id: ModelReference }) },
  response: Deleted,
  status: 200,
  errors: ['model_not_found'],
  async handle({ deps, caller, params }) {
    const { stores } = deps;
    const model = await findModel(stores, { reference: params.model_id, accountId: caller.accountId });
    const pushes = await stores.pushes.listByModels([model.id]);
    // The model last, so that who was cut off can ask again.
    const deletedAt = nowDate(deps);
    for (const repo of ownReposOf(model, pushes)) {
      await deleteRepo(stores, { repo, accountId: model.accountId }, deletedAt);
    }
    await stores.pushes.deleteByModel(model.id);
    await stores.models.delete(model.id);
    await releaseBlobs(deps, model.files);
    return { id: params.model_id, object: 'model', deleted: true as const };
  },
});

/** Repos of the registry that the model was pushed to; its merged form has one beside its own. */
function ownReposOf({ files }: Pick<ModelRecord, 'files'>, pushes: readonly PushRecord[]): string[] {
  const merged = files.some(({ path }) => path.startsWith(mergedFolder));
  const own = pushes.flatMap(({ where, repo }) => (where === 'registry' ? [repo] : []));
  return own.flatMap((repo) => (merged ? [repo, mergedRepoOf(repo)] : [repo]));
}

/** What a crash interrupts after the mark, the reconciler goes on with. */
async function deleteRepo(stores: Stores, at: Pick<PushRecord, 'repo' | 'accountId'>, deletedAt: Date): Promise<void> {
  const [namespace = '', name = ''] = at.repo.split('/');
  const repo = await stores.hub.repos.findByName({ type: 'model', namespace, name });
  if (repo?.accountId !== at.accountId) return;
  if (await stores.hub.repos.markDeleted(repo.id, deletedAt)) await purgeRepo(stores, repo.id);
}
