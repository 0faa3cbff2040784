import { Leaderboard, type LeaderboardEntry } from '@agon/contracts';
import { unixSeconds } from '@agon/kit';
import type { EvaluationRecord, JobRecord, RunRecord } from '@agon/store';
import { route } from '../http/route.ts';
import { findJob, JobParams } from './find-job.ts';
import { runError } from './run-wire.ts';

type Race = {
  readonly job: JobRecord;
  readonly runs: readonly RunRecord[];
  readonly evaluations: readonly EvaluationRecord[];
};

function entryOf(run: RunRecord, evaluation: EvaluationRecord | undefined): LeaderboardEntry {
  return {
    rank: null,
    run: run.id,
    miner: { id: run.minerId, name: run.minerName },
    template: run.template,
    status: run.status,
    score: evaluation?.selection?.score ?? null,
    to_winner: null,
    p_best: null,
    beats_baseline: null,
    copy_of: null,
    won: false,
    committed_at: run.submission ? unixSeconds(run.submission.committedAt) : null,
    error: runError(run, evaluation),
  };
}

/** The verdict of the judge put on an entry. */
function judgedEntry(job: JobRecord, entry: LeaderboardEntry): LeaderboardEntry {
  const verdict = job.judgement?.entries.find((each) => each.runId === entry.run);
  if (!verdict) return entry;
  const won = job.result?.winner.run === entry.run;
  return {
    ...entry,
    rank: verdict.rank,
    score: verdict.score,
    to_winner: won ? null : verdict.toWinner,
    p_best: verdict.pBest,
    beats_baseline: verdict.beatsBaseline,
    copy_of: verdict.copyOf,
    won,
  };
}

/** While the race goes on: those with a score by their score, equals by their commit, the others behind. */
function rankLive(entries: readonly LeaderboardEntry[], job: JobRecord): LeaderboardEntry[] {
  const sign = job.objective.direction === 'maximize' ? -1 : 1;
  const scored = entries.flatMap((entry) => (entry.score ? [{ entry, value: entry.score.value * sign }] : []));
  scored.sort((a, b) => a.value - b.value || (a.entry.committed_at ?? 0) - (b.entry.committed_at ?? 0));
  const ranked = scored.map(({ entry }, index) => ({ ...entry, rank: index + 1 }));
  return [...ranked, ...entries.filter((entry) => !entry.score)];
}

/** The race as it stands, or as it was judged. */
export function leaderboardOf({ job, runs, evaluations }: Race): Leaderboard {
  const evaluationOf = new Map(evaluations.map((evaluation) => [evaluation.runId, evaluation]));
  const entries = runs.map((run) => entryOf(run, evaluationOf.get(run.id)));
  const final = job.judgement !== null;
  const last = Number.MAX_SAFE_INTEGER;
  const data = final
    ? entries.map((entry) => judgedEntry(job, entry)).sort((a, b) => (a.rank ?? last) - (b.rank ?? last))
    : rankLive(entries, job);
  return {
    object: 'job.leaderboard',
    job: job.id,
    metric: job.objective.metric,
    direction: job.objective.direction,
    baseline: job.baseline?.selection.score.value ?? null,
    final,
    data,
  };
}

export const getLeaderboard = route({
  method: 'get',
  path: '/v1/jobs/:job_id/leaderboard',
  tag: 'Jobs',
  operationId: 'getLeaderboard',
  summary: 'Read the race',
  description: 'Live while the race goes on: sorted by score, without probabilities. Final when it was judged.',
  auth: 'key',
  scopes: ['jobs:read'],
  request: { params: JobParams },
  response: Leaderboard,
  status: 200,
  errors: ['job_not_found'],
  async handle({ deps, caller, params }) {
    const job = await findJob(deps.stores, { jobId: params.job_id, accountId: caller.accountId });
    const [runs, evaluations] = await Promise.all([
      deps.stores.runs.listByJob(job.id),
      deps.stores.evaluations.listByJob(job.id),
    ]);
    return leaderboardOf({ job, runs, evaluations });
  },
});
