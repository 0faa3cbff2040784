import { isFinalRun, type RunFailure, runStatusesAtMiner, runStatusesNotFinal } from '@agon/contracts';
import type { RunRecord } from '@agon/store';
import { announceEvents } from './announce.ts';
import { nowDate, type SchedulerDeps } from './scheduler-deps.ts';

/** Ends the uploads of a run and discards what was staged of them, also where a crash left that after ending them. */
export async function endUploads(deps: SchedulerDeps, runId: string): Promise<void> {
  await deps.stores.uploads.endByRun(runId);
  for (const upload of await deps.stores.uploads.listByRun(runId)) await deps.artifacts.staging.discard(upload.id);
}

export type RunEnding = {
  readonly run: RunRecord;
  /** `expired`: the miner lost it by silence or time; only a run at its miner can. `cancelled`: the job has no use for it. */
  readonly to: 'expired' | 'cancelled';
  readonly failure: RunFailure;
};

/** Ends a run from outside, with a sentence for its miner. Answers false where it had moved on meanwhile. */
export async function endRun(deps: SchedulerDeps, { run, to, failure }: RunEnding): Promise<boolean> {
  const moved = await deps.stores.runs.move({
    runId: run.id,
    from: to === 'expired' ? runStatusesAtMiner : runStatusesNotFinal,
    to,
    set: { finishedAt: nowDate(deps), failure },
    event: {
      type: `run.${to}`,
      level: 'warn',
      message: `The run of ${run.minerName} in seat ${run.seatIndex} ended: ${failure.message}`,
      key: `run.${to}:${run.id}`,
      data: { run: run.id, seat: run.seatIndex, miner_name: run.minerName, code: failure.code },
    },
  });
  if (!moved) return false;
  await endUploads(deps, run.id);
  await announceEvents(deps, run.jobId);
  return true;
}

/** Whether an ended run may have left uploads behind; what was scored had arrived whole. */
export const mayHaveUploads = (run: RunRecord): boolean => isFinalRun(run.status) && run.status !== 'scored';
