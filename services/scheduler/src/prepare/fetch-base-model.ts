import type { BaseModelRecord, JobRecord } from '@agon/store';
import { announceEvents } from '../announce.ts';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import type { JobWatch } from './job-watch.ts';

const stepPercent = 10;

/**
 * Has the base model of a job in the store, fetching it where it is only on the hub; the job's log says how far it is.
 *
 * @throws AppError `base_model_not_found`, `base_model_unavailable`, `base_model_too_large`, `base_model_unsuitable`,
 * `disk_full`; JobLeftError
 */
export async function fetchBaseModel(
  deps: SchedulerDeps,
  { baseModel, id: jobId }: Pick<JobRecord, 'id' | 'baseModel'>,
  watch: JobWatch,
): Promise<BaseModelRecord | null> {
  if (baseModel === null) return null;
  const here = await deps.stores.baseModels.find(baseModel.id);
  if (here) return here;
  const said = new Set<number>();
  const saying: Promise<void>[] = [];
  const model = await deps.baseModels.ensure(baseModel, {
    signal: watch.signal,
    onProgress: ({ bytes, total }) => {
      // Its outcome is the signal.
      watch.check().catch(() => undefined);
      const percent = Math.floor((100 * bytes) / total / stepPercent) * stepPercent;
      if (said.has(percent)) return;
      said.add(percent);
      saying.push(sayProgress(deps, { jobId, id: baseModel.id, percent, total }));
    },
  });
  await Promise.all(saying);
  return model;
}

/** One entry of the log for every step, however often the download begins again. */
async function sayProgress(
  deps: SchedulerDeps,
  { jobId, id, percent, total }: { jobId: string; id: string; percent: number; total: number },
): Promise<void> {
  const mib = Math.ceil(total / 2 ** 20);
  try {
    await deps.stores.events.append(jobId, {
      type: 'job.base_model_fetching',
      key: `job.base_model_fetching:${percent}`,
      message: percent === 0 ? `Fetching ${id} from the hub: ${mib} MiB.` : `Fetched ${percent} % of ${id}.`,
      data: { base_model: id, percent, bytes: total },
    });
    await announceEvents(deps, jobId);
  } catch (error) {
    deps.log.warn({ err: error, jobId }, 'the progress of a download was not written down');
  }
}
