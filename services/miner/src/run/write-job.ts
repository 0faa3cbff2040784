import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Lease, type TrainerJob, TrainerJob as TrainerJobSchema } from '@agon/contracts';
import { baseModelName } from '../run-folder.ts';

/** What is kept back from the deadline for hashing and sending the model. */
export const sendSeconds = 2;

/** Writes `job.json`, all that a trainer knows of its job. */
export async function writeJob(
  jobFolder: string,
  lease: Lease,
  given: { cpus: number; memoryMib: number },
): Promise<void> {
  const [data] = lease.data;
  const { base_model: baseModel } = lease.job;
  if (!data) throw new TypeError('The lease names no data.');
  const job: TrainerJob = {
    contract: 1,
    run: lease.run,
    job: lease.job.id,
    task: lease.job.task,
    objective: lease.job.objective,
    seed: lease.job.seed,
    deadline_unix: lease.deadline - sendSeconds,
    limits: {
      cpus: given.cpus,
      memory_mib: given.memoryMib,
      submission_bytes: lease.job.limits.submission_bytes,
    },
    data: { path: `data/${data.name}`, format: data.format, rows: data.rows },
    table: lease.job.table,
    text: lease.job.text,
    base_model: baseModel && { path: baseModelName, name: baseModel.name, revision: baseModel.revision },
  };
  await writeFile(join(jobFolder, 'job.json'), JSON.stringify(TrainerJobSchema.parse(job), null, 2));
}
