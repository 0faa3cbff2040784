import type { ModelRecord, PushRecord } from '@agon/store';
import { pushIdOf } from '@agon/store';
import { nowDate, type SchedulerDeps } from '../scheduler-deps.ts';
import { deliverPush } from './deliver-push.ts';
import { repoNameOf } from './repo-files.ts';

/** `org/name` of a winner in the service's own registry. */
export const registryRepo = async (
  deps: Pick<SchedulerDeps, 'registry'>,
  owned: { accountId: string; name: string },
): Promise<string> => `${await deps.registry.namespaceOf(owned.accountId)}/${repoNameOf(owned.name)}`;

/**
 * Brings a model into the service's own registry, so that it is there when its job has succeeded, and makes its pushes
 * to other hubs due. Where the registry does not take it now, the queue tries again; the job does not wait for that.
 */
export async function beginPushes(deps: SchedulerDeps, model: ModelRecord, isPrivate: boolean): Promise<void> {
  const repo = await registryRepo(deps, model);
  const own = { modelId: model.id, where: 'registry' as const, repo };
  const now = nowDate(deps);
  const push: PushRecord = {
    ...own,
    id: pushIdOf(own),
    jobId: model.jobId,
    accountId: model.accountId,
    private: isPrivate,
    token: null,
    status: 'pending',
    attempts: 0,
    message: null,
    url: null,
    commit: null,
    askedAt: now,
    nextAttemptAt: null,
    createdAt: now,
    updatedAt: now,
  };
  await deps.stores.pushes.insert(push);
  await deps.stores.pushes.release({ modelId: model.id, now });
  await deliverPush(deps, { pushId: push.id });
}

/** Asks for the pushes of a model that wait. */
export async function enqueuePushes(deps: SchedulerDeps, modelId: string): Promise<void> {
  for (const push of await deps.stores.pushes.listByModels([modelId])) {
    if (push.status === 'pending' && push.attempts === 0) await deps.queue.add('job.push', { pushId: push.id });
  }
}
