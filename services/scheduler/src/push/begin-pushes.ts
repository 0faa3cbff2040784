import { type ModelRecord, type PushRecord, pendingPush } from '@agon/store';
import { nowDate, type SchedulerDeps } from '../scheduler-deps.ts';
import { deliverPush } from './deliver-push.ts';
import { repoNameOf } from './repo-files.ts';

/** `org/name` of a winner in the service's own registry. */
export const registryRepo = (namespace: string, modelName: string): string => `${namespace}/${repoNameOf(modelName)}`;

/**
 * Brings a model into the service's own registry, so that it is there when its job has succeeded, and makes its pushes
 * to other hubs due. Where the registry does not take it now, the queue tries again; the job does not wait for that.
 */
export async function beginPushes(
  deps: SchedulerDeps,
  model: ModelRecord,
  wish: { namespace: string; private: boolean },
): Promise<void> {
  const now = nowDate(deps);
  const push = registryPush(model, { ...wish, now });
  await deps.stores.pushes.insert(push);
  await deps.stores.pushes.release({ modelId: model.id, now });
  await deliverPush(deps, { pushId: push.id });
}

function registryPush(model: ModelRecord, wish: { namespace: string; private: boolean; now: Date }): PushRecord {
  const { id: modelId, jobId, accountId, name } = model;
  const repo = registryRepo(wish.namespace, name);
  return pendingPush({ modelId, jobId, accountId, where: 'registry', repo, private: wish.private, now: wish.now });
}

/** Asks for the pushes of a model that wait. */
export async function enqueuePushes(deps: SchedulerDeps, modelId: string): Promise<void> {
  for (const push of await deps.stores.pushes.listByModels([modelId])) {
    if (push.status === 'pending' && push.attempts === 0) await deps.queue.add('job.push', { pushId: push.id });
  }
}
