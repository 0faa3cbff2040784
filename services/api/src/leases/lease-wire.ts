import { type Lease, limits } from '@agon/contracts';
import type { JobRecord, RunRecord } from '@agon/store';

/** The one file that a miner gets: the training part. */
export const trainFile = 'train.csv';

/** What a miner learns of its run: nothing of hidden rows, the client or other miners. */
export function leaseWire(run: RunRecord, job: JobRecord): Lease {
  if (!job.parts || !job.deadlineAt) throw new TypeError(`The job ${job.id} is open without parts or a deadline.`);
  const { rows, ...blob } = job.parts.train;
  return {
    object: 'miner.lease',
    run: run.id,
    fence: run.fence,
    job: {
      id: job.id,
      task: job.task,
      objective: job.objective,
      table: job.table,
      text: job.text,
      base_model: null,
      seed: run.seed,
      limits: { memory_mib: job.needs.memoryMib, submission_bytes: limits.submissionBytesMax },
    },
    data: [{ name: trainFile, url: `/v1/miner/runs/${run.id}/data/${trainFile}`, ...blob, rows, format: 'csv' }],
    deadline: job.deadlineAt.getTime() / 1000,
    heartbeat_seconds: limits.heartbeatSeconds,
    grace_seconds: job.graceSeconds,
  };
}
