import type { MinerRun, Run, RunFailure } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { EvaluationRecord, JobRecord, RunRecord } from '@agon/store';

const orNull = (date: Date | null | undefined): number | null => (date ? unixSeconds(date) : null);

/** Why a run has no score: its own failure, or the evaluator's reason. */
export function runError(run: RunRecord, evaluation: EvaluationRecord | undefined): RunFailure | null {
  if (run.failure) return run.failure;
  return evaluation?.rejection ? { ...evaluation.rejection, class: null } : null;
}

const entryOf = (job: JobRecord | undefined, runId: string) =>
  job?.judgement?.entries.find((entry) => entry.runId === runId);

/** A run as the client of its job reads it; once the race is judged, with the judge's interval, as on the leaderboard. */
export function runWire(run: RunRecord, job: JobRecord | undefined, evaluation: EvaluationRecord | undefined): Run {
  return {
    id: run.id,
    object: 'job.run',
    job: run.jobId,
    seat: run.seatIndex,
    miner: { id: run.minerId, name: run.minerName },
    template: run.template,
    image: run.image,
    status: run.status,
    created_at: unixSeconds(run.createdAt),
    finished_at: orNull(run.finishedAt),
    last_heartbeat_at: orNull(run.lastHeartbeatAt),
    progress: run.progress,
    usage: run.usage,
    curve: run.curve.map(([seconds, loss]): [number, number] => [seconds, loss]),
    committed_at: orNull(run.submission?.committedAt),
    score: entryOf(job, run.id)?.score ?? evaluation?.selection?.score ?? null,
    error: runError(run, evaluation),
  };
}

/** A run as its miner reads it: scores stay sealed until the job is judged. */
export function minerRunWire(
  run: RunRecord,
  job: JobRecord | undefined,
  evaluation: EvaluationRecord | undefined,
): MinerRun {
  const { miner: _, ...wire } = runWire(run, job, evaluation);
  const judged = job?.judgement ?? null;
  return {
    ...wire,
    object: 'miner.run',
    fence: run.fence,
    score: judged ? wire.score : null,
    won: judged ? job?.result?.winner.run === run.id : null,
    rank: entryOf(job, run.id)?.rank ?? null,
    log_tail: run.logTail,
  };
}
