import { z } from 'zod';
import { Progress } from './run.ts';

/**
 * Hints between processes that something changed. They may be lost: whoever listens also looks by itself now and then.
 */
export const Signal = z.discriminatedUnion('kind', [
  /** A seat became free somewhere: waiting miners may look. */
  z.object({ kind: z.literal('seats'), jobId: z.string() }),
  /** A job's event log grew. */
  z.object({ kind: z.literal('events'), jobId: z.string() }),
  /** A trainer reported progress; not kept in the log. */
  z.object({
    kind: z.literal('progress'),
    jobId: z.string(),
    runId: z.string(),
    minerName: z.string(),
    progress: Progress,
  }),
]);
export type Signal = z.infer<typeof Signal>;
