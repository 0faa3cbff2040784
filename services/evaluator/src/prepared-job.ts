import type { JobRecord } from '@agon/store';
import type { PreparedJob } from './tasks/task-module.ts';

/** The job as tasks measure it, or undefined where it was not prepared yet. */
export function preparedJob(job: JobRecord): PreparedJob | undefined {
  const { id, task, objective, table, text, baseModel, parts } = job;
  return parts ? { id, task, objective, table, text, baseModel, parts } : undefined;
}
