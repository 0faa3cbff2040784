import { aJob, anEvaluation, anOpenJob, aResult, aRun, aScore, builtAt } from '@agon/testing';
import { expect, test } from 'vitest';
import { leaderboardOf } from './leaderboard.ts';

const run = (number: number, committedSeconds = number) =>
  aRun({
    id: `run_0000000${number}`,
    status: 'scored',
    submission: {
      id: 'sub_00000001',
      format: 'onnx',
      committedAt: new Date(builtAt.getTime() + committedSeconds * 1_000),
      files: [],
    },
  });
const evaluation = (number: number, value: number) =>
  anEvaluation({
    runId: `run_0000000${number}`,
    selection: { score: aScore(value), outcome: { sha256: '', bytes: 0 } },
  });
const ranks = (board: ReturnType<typeof leaderboardOf>): [string, number | null][] =>
  board.data.map((entry) => [entry.run.at(-1) ?? '', entry.rank]);

test('while the race goes on the best score leads, equals by their commit, and who has none comes last', () => {
  const runs = [run(1), run(2, 9), run(3, 4), aRun({ id: 'run_00000004' })];
  const evaluations = [evaluation(1, 0.5), evaluation(2, 0.3), evaluation(3, 0.3)];
  const board = leaderboardOf({ job: anOpenJob(), runs, evaluations });
  expect(board).toMatchObject({ final: false, metric: 'log_loss', baseline: 0.69 });
  expect(ranks(board)).toEqual([
    ['3', 1],
    ['2', 2],
    ['1', 3],
    ['4', null],
  ]);
  expect(board.data[0]).toMatchObject({ p_best: null, to_winner: null, beats_baseline: null, won: false });
});

test('a metric that is maximised is led by the largest score', () => {
  const job = anOpenJob({ objective: { metric: 'accuracy', direction: 'maximize', goal: null } });
  const board = leaderboardOf({ job, runs: [run(1), run(2)], evaluations: [evaluation(1, 0.7), evaluation(2, 0.8)] });
  expect(ranks(board)).toEqual([
    ['2', 1],
    ['1', 2],
  ]);
});

test('a judged race stands as the judge said, whatever the evaluations say', () => {
  const toWinner = { value: -0.1, ci95: [-0.2, 0] as [number, number] };
  const judged = (number: number, rank: number) => ({
    ...{ runId: `run_0000000${number}`, rank, score: aScore(0.2), toWinner },
    ...{ pBest: 1 / rank, beatsBaseline: true, copyOf: rank === 2 ? 'run_00000001' : null },
  });
  const job = aJob({
    status: 'succeeded',
    judgement: {
      ...{ judgedAt: builtAt, reason: 'deadline', bootstrapSeed: 1, resamples: 10 },
      entries: [judged(2, 2), judged(1, 1)],
    },
    result: aResult(),
  });
  const failed = aRun({
    id: 'run_00000003',
    status: 'failed',
    failure: { code: 'trainer_oom', class: 'oom', message: 'Out of memory.' },
  });
  const board = leaderboardOf({ job, runs: [failed, run(2), run(1)], evaluations: [evaluation(1, 9)] });
  expect(board.final).toBe(true);
  expect(ranks(board)).toEqual([
    ['1', 1],
    ['2', 2],
    ['3', null],
  ]);
  expect(board.data[0]).toMatchObject({ won: true, to_winner: null, p_best: 1, score: { value: 0.2 } });
  expect(board.data[1]).toMatchObject({ won: false, to_winner: toWinner, p_best: 0.5, copy_of: 'run_00000001' });
  expect(board.data[2]).toMatchObject({ won: false, error: { code: 'trainer_oom' } });
});
