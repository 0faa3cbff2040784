import type { Clock, Log } from '@agon/kit';
import type { JobLog } from './job-log.ts';
import type { Models } from './models.ts';

/** What the stores are made of. */
export type StoreDeps = {
  readonly models: Models;
  readonly clock: Clock;
  readonly log: Log;
  readonly jobLog: JobLog;
};
