import type { Lease } from '@agon/contracts';
import type { RunRecord } from '@agon/store';
import type { AppDeps } from '../deps.ts';
import { leaseWire } from './lease-wire.ts';

/** Until then another request of the miner may still be about to deliver the lease, or to give its seat back. */
const deliveredMsMax = 3_000;
/** Runs of the miner that are looked at, newest first. */
const runsMax = 20;

/**
 * A lease that the miner was given and never knew of: the service or the miner died between the seat and the answer. Its
 * run has not begun, and the miner, which says what it holds, does not hold it.
 *
 * @returns the same lease with the same fence; undefined where nothing was lost.
 */
export async function lostLease(
  deps: Pick<AppDeps, 'stores' | 'clock'>,
  { minerId, holding }: { minerId: string; holding: readonly string[] },
): Promise<Lease | undefined> {
  const runs = await deps.stores.runs.listByMiner({ minerId, limit: runsMax });
  const nowMs = deps.clock.nowMs();
  for (const run of runs) {
    const isLost = run.status === 'leased' && !holding.includes(run.id);
    if (!isLost || run.createdAt.getTime() + deliveredMsMax > nowMs) continue;
    const lease = await leaseOf(deps, run);
    if (lease) return lease;
  }
  return undefined;
}

/** Undefined where the race of the run is over. */
async function leaseOf(
  { stores, clock }: Pick<AppDeps, 'stores' | 'clock'>,
  run: RunRecord,
): Promise<Lease | undefined> {
  const job = await stores.jobs.find(run.jobId);
  if (job?.status !== 'open' || !job.deadlineAt || job.deadlineAt.getTime() <= clock.nowMs()) return undefined;
  const baseModel = job.baseModel ? await stores.baseModels.find(job.baseModel.id) : undefined;
  return leaseWire(run, job, baseModel ?? null);
}
