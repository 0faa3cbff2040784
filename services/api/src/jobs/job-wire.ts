import type { CreatePublish, Job, JobEvent, SeatStatus } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { EventRecord, JobRecord, PushRecord, SeatRecord } from '@agon/store';
import { pushWire } from '../publish/push-wire.ts';

const orNull = (date: Date | null): number | null => (date ? unixSeconds(date) : null);

function seatsWire(job: JobRecord, seats: readonly SeatRecord[]): Job['seats'] {
  const count = (...statuses: SeatStatus[]): number => seats.filter((seat) => statuses.includes(seat.status)).length;
  return {
    total: job.spec.budget.seats,
    open: count('open', 'lapsed'),
    racing: count('leased'),
    done: count('closed'),
  };
}

const baseModelWire = (model: JobRecord['baseModel']): Job['base_model'] =>
  model && { name: model.name, revision: model.revision, why: model.why };

const publishWire = ({ repo, private: isPrivate, merged, onnx }: CreatePublish): Job['publish'] => ({
  repo: repo ?? null,
  private: isPrivate,
  merged,
  onnx,
});

/** A job as its client reads it. The split's secret stays inside until the receipt. */
export function jobWire(job: JobRecord, seats: readonly SeatRecord[], pushes: readonly PushRecord[]): Job {
  const { spec, baseline } = job;
  return {
    id: job.id,
    object: 'job',
    status: job.status,
    created_at: unixSeconds(job.createdAt),
    opened_at: orNull(job.openedAt),
    deadline_at: orNull(job.deadlineAt),
    finished_at: orNull(job.finishedAt),
    task: job.task,
    task_inferred: job.taskInferred,
    target: spec.target ?? null,
    base_model: baseModelWire(job.baseModel),
    text: job.text,
    objective: job.objective,
    budget: spec.budget,
    seed: job.seed,
    suffix: spec.suffix ?? null,
    metadata: spec.metadata,
    training_file: spec.training_file,
    dataset: job.dataset,
    table: job.table,
    split_commitment: job.splitCommitment,
    baseline: baseline ? { value: baseline.selection.score.value, summary: baseline.summary } : null,
    seats: seatsWire(job, seats),
    result: job.result,
    model: job.modelId,
    publish: publishWire(spec.publish),
    pushes: pushes.map(pushWire),
    error: job.failure,
  };
}

/** One entry of a job's log as its client reads it. */
export const eventWire = (event: EventRecord): JobEvent => ({
  id: event.id,
  object: 'job.event',
  sequence: event.sequence,
  job: event.jobId,
  created_at: unixSeconds(event.createdAt),
  level: event.level,
  type: event.type,
  message: event.message,
  data: event.data,
});
