import { type Lease, limits, type TaskName, taskTable } from '@agon/contracts';
import type { BaseModelRecord, JobRecord, RunRecord } from '@agon/store';
import { leaseBaseModel } from '../base-models/lease-base-model.ts';

/** The one file that a miner gets: the training part. */
export const trainFileOf = (task: TaskName): 'train.csv' | 'train.jsonl' =>
  taskTable[task].data === 'text' ? 'train.jsonl' : 'train.csv';

/**
 * What a miner learns of its run: nothing of hidden rows, the client or other miners.
 *
 * @param baseModel the one that the job names; null where it names none.
 */
export function leaseWire(run: RunRecord, job: JobRecord, baseModel: BaseModelRecord | null): Lease {
  if (!job.parts || !job.deadlineAt) throw new TypeError(`The job ${job.id} is open without parts or a deadline.`);
  if (job.baseModel && !baseModel) throw new TypeError(`The base model of the job ${job.id} is gone.`);
  const { rows, ...blob } = job.parts.train;
  const name = trainFileOf(job.task);
  const format = name === 'train.jsonl' ? 'jsonl' : 'csv';
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
      base_model: baseModel && leaseBaseModel(run.id, baseModel),
      seed: run.seed,
      limits: { memory_mib: job.needs.memoryMib, submission_bytes: limits.submissionBytesMax },
    },
    data: [{ name, url: `/v1/miner/runs/${run.id}/data/${name}`, ...blob, rows, format }],
    deadline: job.deadlineAt.getTime() / 1000,
    heartbeat_seconds: limits.heartbeatSeconds,
    grace_seconds: job.graceSeconds,
  };
}
