import { z } from 'zod';

export const RunStatus = z
  .enum(['leased', 'training', 'uploaded', 'scoring', 'scored', 'rejected', 'failed', 'expired', 'cancelled'])
  .meta({ id: 'RunStatus' });
export type RunStatus = z.infer<typeof RunStatus>;

/** The moves of a run. `training → uploaded` may skip `training` for a trainer that ends before its first heartbeat. */
export const runMoves = {
  leased: ['training', 'uploaded', 'failed', 'expired', 'cancelled'],
  training: ['uploaded', 'failed', 'expired', 'cancelled'],
  uploaded: ['scoring', 'cancelled'],
  scoring: ['scored', 'rejected', 'cancelled'],
  scored: [],
  rejected: [],
  failed: [],
  expired: [],
  cancelled: [],
} as const satisfies Record<RunStatus, readonly RunStatus[]>;

/** Whether the run has ended. */
export const isFinalRun = (status: RunStatus): boolean => runMoves[status].length === 0;

/** Whether the table allows the move. */
export const runCanMove = (move: { from: RunStatus; to: RunStatus }): boolean =>
  (runMoves[move.from] as readonly RunStatus[]).includes(move.to);

export const runStatusesNotFinal = RunStatus.options.filter((status) => !isFinalRun(status));
/** The run is still the miner's to work on. */
export const runStatusesAtMiner = ['leased', 'training'] as const satisfies readonly RunStatus[];

export const FailureClass = z
  .enum(['data', 'user_code', 'oom', 'hardware', 'network', 'timeout'])
  .meta({ id: 'FailureClass' });
export type FailureClass = z.infer<typeof FailureClass>;
