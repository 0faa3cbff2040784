import { AppError, type ErrorCode, type HandlerOutcome, jobCatalog } from '@agon/contracts';
import { inspectDataset, prepareDataset } from '@agon/dataset';
import { chooseObjective, needsOfJob } from '@agon/domain';
import type { JobChange, JobRecord } from '@agon/store';
import { announceEvents } from '../announce.ts';
import { failJob, withAdvice } from '../fail-job.ts';
import type { SchedulerDeps } from '../scheduler-deps.ts';
import { countAttempt } from './count-attempt.ts';
import { datasetSource, watched } from './dataset-source.ts';
import { fetchBaseModel } from './fetch-base-model.ts';
import { JobLeftError, JobWatch } from './job-watch.ts';

const attemptsMax = jobCatalog['job.prepare'].attempts;

/**
 * Reads a job's dataset and splits it. Safe to deliver twice, also at once: the parts are named by their content, and
 * only one delivery writes them on the job. Bad data ends the job; a fault of the service is thrown, so that the queue
 * tries again, until the attempts are used up.
 */
export async function prepareJob(deps: SchedulerDeps, { jobId }: { jobId: string }): Promise<HandlerOutcome> {
  const job = await deps.stores.jobs.find(jobId);
  if (job?.status !== 'preparing') return 'skipped';
  if (job.parts) {
    await deps.queue.add('job.baseline', { jobId });
    return 'skipped';
  }
  const attempt = await countAttempt(deps, job);
  if (attempt > attemptsMax) return giveUp(deps, job);
  await announceEvents(deps, jobId);
  let outcome: HandlerOutcome | 'split';
  try {
    outcome = await readAndSplit(deps, job);
  } catch (error) {
    if (error instanceof JobLeftError) return 'skipped';
    if (error instanceof AppError && error.expected) {
      return refuse(deps, job, { code: error.code, message: error.message, problems: error.facts.problems ?? [] });
    }
    if (attempt < attemptsMax) throw error;
    deps.log.error({ err: error, jobId }, 'the dataset could not be prepared');
    return giveUp(deps, job, error);
  }
  if (outcome !== 'split') return outcome;
  await deps.queue.add('job.baseline', { jobId });
  return 'done';
}

async function readAndSplit(deps: SchedulerDeps, job: JobRecord): Promise<HandlerOutcome | 'split'> {
  const watch = new JobWatch({ jobs: deps.stores.jobs, clock: deps.clock, jobId: job.id });
  const source = datasetSource({ artifacts: deps.artifacts, job, watch });
  const { task, target, columns, ignore_columns: ignoreColumns, objective } = job.spec;
  const wish = { task, target, columns, ignoreColumns, metric: objective.metric };
  const inspection = await inspectDataset(source, wish, { signal: watch.signal });
  if (!inspection.ok) return refuse(deps, job, { ...inspection.error, problems: inspection.problems });

  // Before the parts are written: nothing refers to those until the end, and a download may take long.
  const base = await fetchBaseModel(deps, job, watch);
  const prepared = await prepareDataset(source, inspection, {
    splitSecret: job.splitSecret,
    signal: watch.signal,
    write: (_name, text) => deps.artifacts.put(watched(text, watch)),
  });
  const needs = needsOfJob({
    task: inspection.task,
    train: prepared.parts.train,
    table: inspection.table,
    base: base?.facts ?? null,
    text: job.text,
  });
  const rows = prepared.report.parts;
  const updated = await deps.stores.jobs.update({
    jobId: job.id,
    while: ['preparing'],
    unset: ['parts'],
    set: {
      task: inspection.task,
      taskInferred: inspection.taskInferred,
      objective: chooseObjective(inspection.task, { metric: inspection.metric, goal: objective.goal }),
      dataset: prepared.report,
      table: inspection.table,
      splitCommitment: prepared.commitment,
      parts: prepared.parts,
      needs: { memoryMib: needs.memoryMib, vramMib: needs.vramMib, cpus: needs.cpus },
    } satisfies JobChange,
    event: {
      type: 'job.prepared',
      key: 'job.prepared',
      message: `Split ${rows.train + rows.selection + rows.report} rows: ${rows.train} to train, ${rows.selection} hidden to choose the winner, ${rows.report} hidden to report its score.`,
      data: { parts: rows, rows_dropped: prepared.report.rows_dropped, notes: prepared.report.notes.length },
    },
  });
  if (!updated) return 'skipped';
  await announceEvents(deps, job.id);
  return 'split';
}

type Refusal = { code: ErrorCode; message: string; problems: readonly unknown[] };

async function refuse(deps: SchedulerDeps, job: JobRecord, refusal: Refusal): Promise<HandlerOutcome> {
  const failed = await failJob(deps, { job, from: 'preparing', ...refusal });
  return failed ? 'done' : 'skipped';
}

async function giveUp(deps: SchedulerDeps, job: JobRecord, error?: unknown): Promise<HandlerOutcome> {
  const unavailable = error instanceof AppError && error.code === 'base_model_unavailable' ? error : undefined;
  const code = unavailable?.code ?? 'preparation_failed';
  const message = unavailable?.message ?? `The dataset could not be prepared in ${attemptsMax} attempts.`;
  const failed = await failJob(deps, { job, from: 'preparing', code, message: withAdvice(code, message) });
  return failed ? 'done' : 'skipped';
}
