import { z } from 'zod';

export const JobStatus = z
  .enum(['preparing', 'open', 'paused', 'judging', 'publishing', 'succeeded', 'failed', 'cancelled'])
  .meta({ id: 'JobStatus' });
export type JobStatus = z.infer<typeof JobStatus>;

/** The moves of a job. The store's update carries the expected old status, so the database enforces this table. */
export const jobMoves = {
  preparing: ['open', 'failed', 'cancelled'],
  open: ['paused', 'judging', 'failed', 'cancelled'],
  paused: ['open', 'failed', 'cancelled'],
  judging: ['publishing', 'failed', 'cancelled'],
  publishing: ['succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<JobStatus, readonly JobStatus[]>;

/** Whether the job has ended. */
export const isFinalJob = (status: JobStatus): boolean => jobMoves[status].length === 0;

/** Whether the table allows the move. */
export const jobCanMove = (move: { from: JobStatus; to: JobStatus }): boolean =>
  (jobMoves[move.from] as readonly JobStatus[]).includes(move.to);

export const jobStatusesNotFinal = JobStatus.options.filter((status) => !isFinalJob(status));
