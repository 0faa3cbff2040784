import type { FineTuningEvent, FineTuningJob, FineTuningMethod, FineTuningStatus, JobStatus } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { EventRecord, JobRecord } from '@agon/store';

/** OpenAI has no word for `paused`: such a job waits, and its log says why. An open job runs once a miner has joined. */
const statuses: Readonly<Record<JobStatus, FineTuningStatus>> = {
  preparing: 'validating_files',
  open: 'queued',
  paused: 'queued',
  judging: 'running',
  publishing: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
};

export const fineTuningStatus = ({ status, deadlineAt }: Pick<JobRecord, 'status' | 'deadlineAt'>): FineTuningStatus =>
  status === 'open' && deadlineAt ? 'running' : statuses[status];

export const methodOfJob = ({ fineTuning, task }: Pick<JobRecord, 'fineTuning' | 'task'>): FineTuningMethod =>
  fineTuning?.method ?? (task === 'preference' ? { type: 'dpo' } : { type: 'supervised' });

function hyperparametersOf(method: FineTuningMethod): FineTuningJob['hyperparameters'] {
  const automatic = { batch_size: 'auto', learning_rate_multiplier: 'auto', n_epochs: 'auto' } as const;
  const given = method.type === 'supervised' ? method.supervised : method.type === 'dpo' ? method.dpo : undefined;
  return { ...automatic, ...given?.hyperparameters };
}

/** A job in OpenAI's words. @param names of the winner and of the account. */
export function fineTuningWire(
  job: JobRecord,
  names: { fineTunedModel: string | null; organisation: string },
): FineTuningJob {
  const method = methodOfJob(job);
  const orNull = (date: Date | null): number | null => (date ? unixSeconds(date) : null);
  return {
    id: job.id,
    object: 'fine_tuning.job',
    created_at: unixSeconds(job.createdAt),
    finished_at: orNull(job.finishedAt),
    estimated_finish: job.finishedAt ? null : orNull(job.deadlineAt),
    model: job.baseModel?.name ?? job.spec.base_model ?? '',
    fine_tuned_model: names.fineTunedModel,
    organization_id: names.organisation,
    status: fineTuningStatus(job),
    error: job.failure && { code: job.failure.code, message: job.failure.message, param: null },
    hyperparameters: hyperparametersOf(method),
    method,
    seed: job.seed,
    trained_tokens: null,
    training_file: job.spec.training_file,
    validation_file: job.fineTuning?.validationFile ?? null,
    result_files: job.resultFileId ? [job.resultFileId] : [],
    integrations: [],
    metadata: job.spec.metadata,
  };
}

export const fineTuningEventWire = (event: EventRecord): FineTuningEvent => ({
  id: event.id,
  object: 'fine_tuning.job.event',
  created_at: unixSeconds(event.createdAt),
  level: event.level,
  message: event.message,
  type: 'message',
  data: { ...event.data, type: event.type },
});
