import { isFinalRun, type RunFailure } from '@agon/contracts';
import type { RunRecord } from '@agon/store';
import { type AppDeps, nowDate } from '../deps.ts';

/** Ends the uploads of a run and discards what was staged of them. */
export async function endUploads(deps: Pick<AppDeps, 'stores' | 'artifacts'>, runId: string): Promise<void> {
  for (const upload of await deps.stores.uploads.endByRun(runId)) await deps.artifacts.staging.discard(upload.id);
}

const cancelled: RunFailure = { code: 'job_cancelled', class: null, message: 'The client cancelled the job.' };

async function cancelRun(deps: AppDeps, run: RunRecord): Promise<void> {
  await deps.stores.runs.move({
    runId: run.id,
    from: ['leased', 'training', 'uploaded', 'scoring'],
    to: 'cancelled',
    set: { finishedAt: nowDate(deps), failure: cancelled },
    event: {
      type: 'run.cancelled',
      key: `run.cancelled:${run.id}`,
      message: `The run of ${run.minerName} in seat ${run.seatIndex} was cancelled with the job.`,
      data: { run: run.id, seat: run.seatIndex, miner_name: run.minerName, code: cancelled.code },
    },
  });
  await endUploads(deps, run.id);
}

/** Closes the seats of a cancelled job and ends its runs. Safe to repeat; what a crash leaves, the reconciler ends. */
export async function endRunsOf(deps: AppDeps, jobId: string): Promise<void> {
  await deps.stores.seats.closeAll(jobId);
  for (const run of await deps.stores.runs.listByJob(jobId)) {
    if (!isFinalRun(run.status)) await cancelRun(deps, run);
  }
}
