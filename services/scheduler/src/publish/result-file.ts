import type { FileRecord, JobRecord, RunRecord } from '@agon/store';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import type { JudgedJob } from './judged-job.ts';

const purpose = 'fine-tune-results';

/**
 * The winner's curve as a CSV file of the client's, with the names that OpenAI's result files have and the seconds of training; a step is a point of the curve. The file's id follows
 * from the job's, so that a second delivery finds it there.
 *
 * @returns the file's id
 */
export async function writeResultFile(deps: SchedulerDeps, job: JudgedJob, winner: RunRecord): Promise<string> {
  const id = resultFileIdOf(job);
  const { sha256, bytes } = await deps.artifacts.put(lines(winner));
  const file: FileRecord = {
    id,
    accountId: job.accountId,
    filename: 'step_metrics.csv',
    purpose,
    createdAt: job.judgement.judgedAt,
    expiresAt: null,
    sha256,
    bytes,
  };
  await deps.stores.files.insert(file);
  return id;
}

const resultFileIdOf = (job: Pick<JobRecord, 'id'>): string => `file-${job.id.slice('job_'.length)}`;

async function* lines({ curve }: RunRecord): AsyncGenerator<Uint8Array> {
  // Beats are sent by the clock, so several may tell of one step; the last of them stands.
  const points = new Map(curve.map((point, index) => [Math.round(point[2] ?? index + 1), point]));
  const rows = [...points].map(([step, [seconds, loss]]) => `${step},,,${loss},,${seconds}`);
  const header = 'step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy,seconds';
  yield new TextEncoder().encode([header, ...rows, ''].join('\n'));
}
