import { limits, metricTable } from '@agon/contracts';
import { decodeOutcome, judge, type Outcome, pairedGain, runSeed } from '@agon/domain';
import type { EvaluationRecord, JobRecord, Judgement, RunRecord } from '@agon/store';
import { announceEvents } from '../announce.ts';
import { failJob, withAdvice } from '../fail-job.ts';
import { figure } from '../figure.ts';
import { readBlob } from '../read-blob.ts';
import { nowDate, type SchedulerDeps } from '../scheduler-deps.ts';
import { endReason } from './end-reason.ts';
import { judgedEvent } from './judged-event.ts';

type Contender = { readonly run: RunRecord; readonly evaluation: EvaluationRecord };

/**
 * Judges a race whose runs are all final, and moves the job to publishing with its judgement and result, or to failed
 * with the reason. Answers undefined where another delivery was faster.
 */
export async function decideWinner(
  deps: SchedulerDeps,
  job: JobRecord,
  runs: readonly RunRecord[],
): Promise<JobRecord | undefined> {
  if (runs.length === 0) {
    const message = withAdvice('no_miner_took_a_seat', 'No miner took a seat in this job.');
    return failJob(deps, { job, from: 'judging', code: 'no_miner_took_a_seat', message });
  }
  const evaluations = await deps.stores.evaluations.listByJob(job.id);
  const contenders = contendersOf(runs, evaluations);
  if (contenders.length === 0) {
    const message = withAdvice('no_submission', `No run returned a model that could be scored: ${tally(runs)}.`);
    return failJob(deps, { job, from: 'judging', code: 'no_submission', message });
  }
  const { judgement, winnerRunId } = await judgeContenders(deps, job, contenders);
  const winner = contenders.find((contender) => contender.run.id === winnerRunId);
  if (!winner) return nobodyGood(deps, job, judgement);
  return publishWinner(deps, { job, runs, judgement, winner });
}

function contendersOf(runs: readonly RunRecord[], evaluations: readonly EvaluationRecord[]): Contender[] {
  const accepted = new Map(
    evaluations.filter((one) => one.verdict === 'accepted').map((evaluation) => [evaluation.runId, evaluation]),
  );
  return runs.flatMap((run) => {
    const evaluation = accepted.get(run.id);
    return run.status === 'scored' && evaluation ? [{ run, evaluation }] : [];
  });
}

/** `2 failed, 1 expired`. */
function tally(runs: readonly RunRecord[]): string {
  const counts = new Map<string, number>();
  for (const run of runs) counts.set(run.status, (counts.get(run.status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
}

const outcomeOf = async (deps: SchedulerDeps, sha256: string): Promise<Outcome> =>
  decodeOutcome(await readBlob(deps.artifacts, sha256));

async function judgeContenders(deps: SchedulerDeps, job: JobRecord, contenders: readonly Contender[]) {
  if (!job.baseline) throw new Error(`The job ${job.id} is being judged without a baseline.`);
  const entries = [];
  for (const { run, evaluation } of contenders) {
    if (!evaluation.selection || !run.submission) throw new Error(`The run ${run.id} was accepted without a score.`);
    entries.push({
      runId: run.id,
      committedAtMs: run.submission.committedAt.getTime(),
      fileHashes: run.submission.files.map((file) => file.sha256),
      outcome: await outcomeOf(deps, evaluation.selection.outcome.sha256),
    });
  }
  const bootstrap = { resamples: limits.bootstrapResamples, seed: runSeed(job.seed, job.id) };
  const baseline = await outcomeOf(deps, job.baseline.selection.outcome.sha256);
  const judged = judge({ objective: job.objective, baseline, entries, ...bootstrap });
  const judgement: Judgement = {
    judgedAt: nowDate(deps),
    reason: await endReason(deps, job.id),
    entries: judged.entries,
    bootstrapSeed: bootstrap.seed,
    resamples: bootstrap.resamples,
  };
  return { judgement, winnerRunId: judged.winnerRunId };
}

function nobodyGood(deps: SchedulerDeps, job: JobRecord, judgement: Judgement): Promise<JobRecord | undefined> {
  const code = 'no_submission_beat_baseline';
  const best = judgement.entries.find((entry) => entry.rank === 1);
  const { metric } = job.objective;
  const bestValue = figure(best?.score.value ?? Number.NaN);
  const baselineValue = figure(job.baseline?.selection.score.value ?? Number.NaN);
  const message = `The best of ${judgement.entries.length} submissions has ${metric} ${bestValue} on the selection rows; the baseline (${job.baseline?.summary}) has ${baselineValue}.`;
  return failJob(deps, { job, from: 'judging', code, message: withAdvice(code, message), set: { judgement } });
}

type Decided = {
  readonly job: JobRecord;
  readonly runs: readonly RunRecord[];
  readonly judgement: Judgement;
  readonly winner: Contender;
};

async function publishWinner(deps: SchedulerDeps, { job, runs, judgement, winner }: Decided) {
  const { run, evaluation } = winner;
  if (!job.baseline || !evaluation.selection || !evaluation.report) throw new Error(`The run ${run.id} has no scores.`);
  const report = await outcomeOf(deps, evaluation.report.outcome.sha256);
  const baseline = await outcomeOf(deps, job.baseline.report.outcome.sha256);
  const bootstrap = { resamples: judgement.resamples, seed: judgement.bootstrapSeed };
  const gain = pairedGain(report, baseline, bootstrap);
  const { metric } = job.objective;
  const result = {
    winner: { run: run.id, miner: run.minerId, miner_name: run.minerName, template: run.template ?? 'custom' },
    metric,
    direction: metricTable[metric].direction,
    selection: judgement.entries.find((entry) => entry.runId === run.id)?.score ?? evaluation.selection.score,
    report: evaluation.report.score,
    baseline: { selection: job.baseline.selection.score.value, report: job.baseline.report.score.value },
    gain: { value: gain.value, ci95: gain.ci95 },
    model: null,
  };
  const moved = await deps.stores.jobs.move({
    jobId: job.id,
    from: 'judging',
    to: 'publishing',
    set: { judgement, result },
    event: judgedEvent({ result, judgement, runs }),
  });
  if (moved) await announceEvents(deps, job.id);
  return moved;
}
