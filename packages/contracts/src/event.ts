import { z } from 'zod';
import { UnixSeconds } from './ids.ts';

export const EventLevel = z.enum(['info', 'warn', 'error']);
export type EventLevel = z.infer<typeof EventLevel>;

/** One entry of a job's log. `sequence` grows by job and is the SSE id. */
export const JobEvent = z
  .object({
    id: z.string(),
    object: z.literal('job.event'),
    sequence: z.int(),
    job: z.string(),
    created_at: UnixSeconds,
    level: EventLevel,
    type: z.string(),
    message: z.string(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'JobEvent' });
export type JobEvent = z.infer<typeof JobEvent>;
