import type { HandlerOutcome, QueuePayload } from '@agon/contracts';
import type { EvaluationRecord, JobRecord, RunRecord, SubmissionRecord } from '@agon/store';
import { announce } from './announce.ts';
import { type EvaluatorDeps, nowDate } from './evaluator-deps.ts';
import { measurePart } from './measure-part.ts';
import { settleRun } from './settle-run.ts';
import { type PreparedJob, type ScoredSubmission, SubmissionRejected } from './tasks/task-module.ts';

/**
 * Checks and scores one submission. Delivered twice, or again after a crash, it completes what is missing: the first
 * evaluation of a run stands, whoever wrote it.
 */
export async function scoreRun(deps: EvaluatorDeps, { runId }: QueuePayload<'run.score'>): Promise<HandlerOutcome> {
  const run = await claim(deps, runId);
  if (!run?.submission) return 'skipped';
  const job = await deps.stores.jobs.find(run.jobId);
  if (!job || !isPrepared(job)) return 'skipped';
  const evaluation =
    (await deps.stores.evaluations.find(runId)) ?? (await evaluate(deps, { job, run, submission: run.submission }));
  await settleRun(deps, { job, run, evaluation });
  return 'done';
}

const isPrepared = (job: JobRecord): job is PreparedJob => job.parts !== null;

/** uploaded → scoring; a run that an earlier delivery left in `scoring` is taken up again. */
async function claim(deps: EvaluatorDeps, runId: string): Promise<RunRecord | undefined> {
  const moved = await deps.stores.runs.move({
    runId,
    from: 'uploaded',
    to: 'scoring',
    event: {
      type: 'run.scoring',
      key: `run.scoring:${runId}`,
      message: 'A submission is being scored.',
      data: { run: runId },
    },
  });
  if (moved) {
    await announce(deps, { kind: 'events', jobId: moved.jobId });
    return moved;
  }
  const found = await deps.stores.runs.find(runId);
  return found?.status === 'scoring' ? found : undefined;
}

type Subject = { job: PreparedJob; run: RunRecord; submission: SubmissionRecord };

/** A verdict, stored. Faults of the service are thrown, so that the queue tries again. */
async function evaluate(deps: EvaluatorDeps, subject: Subject): Promise<EvaluationRecord> {
  const startedMs = deps.clock.nowMs();
  const scored = await verdictOf(deps, subject);
  const seconds = (deps.clock.nowMs() - startedMs) / 1000;
  const evaluation = await evaluationOf(deps, { ...subject, scored, seconds });
  if (await deps.stores.evaluations.insert(evaluation)) return evaluation;
  return (await deps.stores.evaluations.find(subject.run.id)) ?? evaluation;
}

async function verdictOf(deps: EvaluatorDeps, subject: Subject): Promise<ScoredSubmission | SubmissionRejected> {
  try {
    await checkBlobs(deps, subject.submission);
    return await deps.tasks[subject.job.task].score(deps, subject.job, subject.submission);
  } catch (error) {
    if (error instanceof SubmissionRejected) return error;
    throw error;
  }
}

/** The upload hashed what it stored; a blob that is gone or short is a fault of the submission's storage, said plainly. */
async function checkBlobs(deps: EvaluatorDeps, submission: SubmissionRecord): Promise<void> {
  for (const file of submission.files) {
    const stat = await deps.artifacts.stat(file.sha256);
    if (!stat) throw new SubmissionRejected('file_missing', `${file.path} did not arrive.`);
    if (stat.bytes !== file.bytes) {
      throw new SubmissionRejected(
        'hash_mismatch',
        `${file.path} has ${stat.bytes} bytes; ${file.bytes} were committed.`,
      );
    }
  }
}

async function evaluationOf(
  deps: EvaluatorDeps,
  input: Subject & { scored: ScoredSubmission | SubmissionRejected; seconds: number },
): Promise<EvaluationRecord> {
  const { job, run, scored, seconds } = input;
  const shared = { runId: run.id, jobId: job.id, seconds, createdAt: nowDate(deps) };
  if (scored instanceof SubmissionRejected) {
    const rejection = { code: scored.code, message: scored.message };
    const versions = { ...deps.versions };
    return { ...shared, verdict: 'rejected', rejection, selection: null, report: null, metrics: {}, versions };
  }
  return {
    ...shared,
    verdict: 'accepted',
    rejection: null,
    selection: await measurePart(deps, scored.selection, job.seed),
    report: await measurePart(deps, scored.report, job.seed),
    metrics: { ...scored.metrics },
    versions: { ...deps.versions, ...scored.versions },
  };
}
