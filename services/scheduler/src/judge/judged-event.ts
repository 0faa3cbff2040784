import type { JobResult, Score } from '@agon/contracts';
import type { Judgement, NewEvent, RunRecord } from '@agon/store';
import { figure, interval } from '../figure.ts';

const withInterval = (score: Score): string => `${figure(score.value)} (95 %: ${interval(score.ci95)})`;

/** The event of a verdict: who won by what, with the whole leaderboard. */
export function judgedEvent(input: { result: JobResult; judgement: Judgement; runs: readonly RunRecord[] }): NewEvent {
  const { result, judgement, runs } = input;
  const runById = new Map(runs.map((run) => [run.id, run]));
  const leaderboard = judgement.entries
    .toSorted((left, right) => left.rank - right.rank)
    .map((entry) => ({
      rank: entry.rank,
      run: entry.runId,
      miner_name: runById.get(entry.runId)?.minerName ?? null,
      template: runById.get(entry.runId)?.template ?? null,
      score: entry.score,
      to_winner: entry.toWinner,
      p_best: entry.pBest,
      beats_baseline: entry.beatsBaseline,
      copy_of: entry.copyOf,
      won: entry.runId === result.winner.run,
    }));
  return {
    type: 'job.judged',
    key: 'job.judged',
    message: `${result.winner.miner_name} (${result.winner.template}) wins among ${leaderboard.length}: ${result.metric} ${withInterval(result.report)} on the report rows; the baseline has ${figure(result.baseline.report)}.`,
    data: { reason: judgement.reason, winner: result.winner.run, metric: result.metric, leaderboard },
  };
}
