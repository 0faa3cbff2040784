import { isFinalJob, limits } from '@agon/contracts';
import type { PushRecord } from '@agon/store';
import { nowDate, type SchedulerDeps } from '../scheduler-deps.ts';

const batch = 100;
/** A push is written down before its job; one that has none by now never had. */
const orphanMs = 10 * 60_000;

/**
 * Asks for every push that is due, or whose process fell silent, and ends those that wait for a model that will not
 * come. Answers how many.
 */
export async function mendPushes(deps: SchedulerDeps): Promise<number> {
  const now = nowDate(deps);
  const silentSince = new Date(now.getTime() - limits.pushSilenceMs);
  const due = await deps.stores.pushes.listDue({ now, silentSince, limit: batch });
  for (const { id } of due) await deps.queue.add('job.push', { pushId: id });
  return due.length + (await endLost(deps, now));
}

async function endLost(deps: SchedulerDeps, now: Date): Promise<number> {
  const before = new Date(now.getTime() - orphanMs);
  let ended = 0;
  for (const push of await deps.stores.pushes.listWaiting({ before, limit: batch })) {
    if (await isLost(deps, push)) ended += 1;
  }
  return ended;
}

async function isLost(deps: SchedulerDeps, { modelId, jobId }: PushRecord): Promise<boolean> {
  const now = nowDate(deps);
  if (await deps.stores.models.find(modelId)) {
    await deps.stores.pushes.release({ modelId, now });
    return true;
  }
  const job = await deps.stores.jobs.find(jobId);
  if (job && !isFinalJob(job.status)) return false;
  if (job) await deps.stores.pushes.endWaiting({ modelId, message: `The job ${job.status}.`, now });
  else await deps.stores.pushes.deleteByModel(modelId);
  return true;
}
