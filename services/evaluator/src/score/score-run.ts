import { type HandlerOutcome, isFinalJob } from '@agon/contracts';
import { OnnxRejection } from '@agon/onnx';
import type { EvaluationRecord, JobRecord, RunRecord } from '@agon/store';
import { announce } from '../announce.ts';
import { type EvaluatorDeps, nowDate } from '../evaluator-deps.ts';
import { measuredPart } from '../measured-part.ts';
import { preparedJob } from '../prepared-job.ts';
import type { Patience } from './patience.ts';
import { giveRunUp, settleRun } from './settle-run.ts';

/**
 * Checks and scores the submission of a run. Safe to deliver twice, also at once, and after a crash between any two
 * steps: the first evaluation stands, and a redelivery does what the last one left.
 *
 * A fault of the submission is a verdict. A fault of the service is thrown, so that the queue tries again; when its
 * attempts are used up the run stays `scoring`, and the scheduler (reconciler, judge) asks for it again, until it is
 * scored or the patience with it ends.
 *
 * @throws Error where the service fails.
 */
export async function scoreRun(
  deps: EvaluatorDeps,
  patience: Patience,
  { runId }: { runId: string },
): Promise<HandlerOutcome> {
  const run = await deps.stores.runs.find(runId);
  const job = run && (await deps.stores.jobs.find(run.jobId));
  if (!run || !job) return 'skipped';
  const known = await deps.stores.evaluations.find(runId);
  if (known) return settleRun(deps, { run, job, evaluation: known });
  if (isFinalJob(job.status) || !(await claim(deps, run))) return 'skipped';
  try {
    await deps.stores.evaluations.insert(await evaluate(deps, run, job));
  } catch (error) {
    if (!patience.isOver(runId)) throw error;
    deps.log.error({ err: error, runId }, 'a submission could not be scored and is given up');
    return giveRunUp(deps, run);
  }
  patience.forget(runId);
  const evaluation = await deps.stores.evaluations.find(runId);
  if (!evaluation) throw new Error(`The evaluation of ${runId} is not there.`);
  return settleRun(deps, { run, job, evaluation });
}

/** uploaded → scoring; a run that a crashed delivery left scoring is taken up again. */
async function claim(deps: EvaluatorDeps, run: RunRecord): Promise<boolean> {
  if (run.status === 'scoring') return true;
  if (run.status !== 'uploaded') return false;
  const claimed = await deps.stores.runs.move({
    runId: run.id,
    from: 'uploaded',
    to: 'scoring',
    event: {
      type: 'run.scoring',
      key: `run.scoring:${run.id}`,
      message: `Scoring the submission of ${run.minerName} in seat ${run.seatIndex}.`,
      data: { run: run.id, seat: run.seatIndex, miner_name: run.minerName },
    },
  });
  if (claimed) await announce(deps, 'events', run.jobId);
  return claimed !== undefined;
}

async function evaluate(deps: EvaluatorDeps, run: RunRecord, job: JobRecord): Promise<EvaluationRecord> {
  const prepared = preparedJob(job);
  if (!prepared || !run.submission) throw new Error(`The run ${run.id} has no submission, or its job no parts.`);
  const startedMs = deps.clock.nowMs();
  const measured = { runId: run.id, jobId: job.id, createdAt: nowDate(deps) };
  try {
    const scored = await deps.tasks[job.task].score(deps, { job: prepared, submission: run.submission });
    return {
      ...measured,
      verdict: 'accepted',
      rejection: null,
      selection: await measuredPart(deps, scored.selection, job.seed),
      report: await measuredPart(deps, scored.report, job.seed),
      metrics: scored.metrics,
      seconds: (deps.clock.nowMs() - startedMs) / 1000,
      versions: { ...deps.versions, ...scored.versions },
    };
  } catch (error) {
    if (!(error instanceof OnnxRejection)) throw error;
    return {
      ...measured,
      verdict: 'rejected',
      rejection: { code: error.code, message: error.message },
      selection: null,
      report: null,
      metrics: {},
      seconds: (deps.clock.nowMs() - startedMs) / 1000,
      versions: { ...deps.versions },
    };
  }
}
