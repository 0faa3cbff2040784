import { endUploads } from '../end-run.ts';
import { nowDate, type SchedulerDeps } from '../scheduler-deps.ts';

const batch = 200;

/** Ends uploads that took too long and discards what arrived of them. Answers of how many runs. */
export async function expireUploads(deps: SchedulerDeps): Promise<number> {
  const expired = await deps.stores.uploads.listExpired({ now: nowDate(deps), limit: batch });
  const runIds = new Set(expired.map((upload) => upload.runId));
  for (const runId of runIds) await endUploads(deps, runId);
  return runIds.size;
}
