import { metricTable, type Objective } from '@agon/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rivals } from '../testing/outcomes.ts';
import { type Contender, judge, type Verdict } from './judge.ts';
import { type Outcome, outcomeOfClasses, outcomeOfNumbers } from './outcome.ts';
import { scoreOutcome } from './scorer.ts';

const objectiveOf = (outcome: Outcome): Objective => ({
  metric: outcome.metric,
  direction: metricTable[outcome.metric].direction,
  goal: null,
});

type Race = { baseline: Outcome; entries: Contender[] };

/** A baseline and up to 5 entries; commits tie now and then. */
const race: fc.Arbitrary<Race> = fc
  .tuple(rivals(6), fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 }))
  .map(([[baseline, ...others], times]) => ({
    baseline: baseline!,
    entries: others.map((outcome, index) => ({
      runId: `run_${index}`,
      committedAtMs: times[index]!,
      fileHashes: [`hash ${index}`],
      outcome,
    })),
  }));

const decide = ({ baseline, entries }: Race): Verdict =>
  judge({ objective: objectiveOf(baseline), baseline, entries, resamples: 30, seed: 9 });

const better = (outcome: Outcome, other: Outcome): boolean => {
  const sign = metricTable[outcome.metric].direction === 'maximize' ? 1 : -1;
  return sign * (scoreOutcome(outcome) - scoreOutcome(other)) > 0;
};

describe('judge', () => {
  test('ranks by the metric, and equals by their commit', () => {
    fc.assert(
      fc.property(race, (given) => {
        const entryOf = (runId: string): Contender => given.entries.find((entry) => entry.runId === runId)!;
        const ranked = decide(given).entries.map(({ runId }) => entryOf(runId));
        expect(ranked.length).toBe(given.entries.length);
        for (const [index, entry] of ranked.slice(1).entries()) {
          const before = ranked[index]!;
          expect(better(entry.outcome, before.outcome)).toBe(false);
          if (!better(before.outcome, entry.outcome))
            expect(before.committedAtMs).toBeLessThanOrEqual(entry.committedAtMs);
        }
      }),
    );
  });

  test('names a winner exactly when the first is better than the baseline', () => {
    fc.assert(
      fc.property(race, (given) => {
        const { winnerRunId, entries } = decide(given);
        const beats = given.entries.filter((entry) => better(entry.outcome, given.baseline));
        expect(winnerRunId).toBe(beats.length > 0 ? entries[0]!.runId : null);
      }),
    );
  });

  test('does not depend on the order of the entries', () => {
    fc.assert(
      fc.property(race, fc.nat(), (given, turn) => {
        const by = given.entries.length === 0 ? 0 : turn % given.entries.length;
        const turned = [...given.entries.slice(by), ...given.entries.slice(0, by)].toReversed();
        expect(decide({ ...given, entries: turned })).toEqual(decide(given));
      }),
    );
  });

  test('keeps its winner when a loser is taken away', () => {
    fc.assert(
      fc.property(race, fc.nat(), (given, choice) => {
        const { winnerRunId, entries } = decide(given);
        fc.pre(entries.length > 1);
        const loser = entries[1 + (choice % (entries.length - 1))]!.runId;
        const fewer = decide({ ...given, entries: given.entries.filter((entry) => entry.runId !== loser) });
        expect(fewer.winnerRunId).toBe(winnerRunId);
        expect(fewer.entries.map(({ runId }) => runId)).toEqual(
          entries.map(({ runId }) => runId).filter((runId) => runId !== loser),
        );
      }),
    );
  });

  test('gives out a probability of exactly 1, in finite numbers', () => {
    fc.assert(
      fc.property(race, (given) => {
        const { entries } = decide(given);
        fc.pre(entries.length > 0);
        expect(entries.reduce((sum, { pBest }) => sum + pBest, 0)).toBeCloseTo(1, 9);
        for (const { score, toWinner, pBest, rank } of entries) {
          const numbers = [score.value, ...score.ci95, toWinner?.value ?? 0, ...(toWinner?.ci95 ?? []), pBest];
          expect(numbers.every(Number.isFinite)).toBe(true);
          expect(toWinner === null).toBe(rank === 1);
          expect(toWinner?.value ?? 0).toBeLessThanOrEqual(0);
        }
      }),
    );
  });

  test('lets equal outcomes share the probability, and the earlier commit win', () => {
    fc.assert(
      fc.property(race, (given) => {
        const [entry] = given.entries;
        fc.pre(entry !== undefined);
        const twin = { ...entry!, runId: 'run_twin', committedAtMs: -1, fileHashes: ['other'] };
        const { entries, winnerRunId } = decide({ ...given, entries: [...given.entries, twin] });
        const [ofEntry, ofTwin] = [entry!.runId, twin.runId].map((id) => entries.find(({ runId }) => runId === id)!);
        expect(ofEntry!.pBest).toBe(ofTwin!.pBest);
        expect(ofTwin!.rank).toBeLessThan(ofEntry!.rank);
        expect(ofEntry!.copyOf).toBe('run_twin');
        expect(winnerRunId).not.toBe(entry!.runId);
      }),
    );
  });

  test('leaves out an entry that has no number, and never lets it win', () => {
    const truth = Float64Array.of(1, 2, 3);
    const baseline = outcomeOfNumbers('mae', truth, Float64Array.of(2, 2, 2));
    const good = outcomeOfNumbers('mae', truth, truth);
    const broken: Outcome = { ...good, losses: Float64Array.of(Number.NaN, 0, 0) };
    const entry = (runId: string, outcome: Outcome): Contender => ({
      runId,
      committedAtMs: 0,
      fileHashes: [],
      outcome,
    });
    const verdict = decide({ baseline, entries: [entry('run_broken', broken), entry('run_good', good)] });
    expect(verdict.winnerRunId).toBe('run_good');
    expect(verdict.entries.map(({ runId }) => runId)).toEqual(['run_good']);
  });

  test('has no winner without entries', () => {
    const baseline = outcomeOfNumbers('mae', Float64Array.of(1), Float64Array.of(1));
    expect(decide({ baseline, entries: [] })).toEqual({ entries: [], winnerRunId: null });
  });

  test('says that a better model beats the baseline only when the interval excludes zero', () => {
    const truth = Float64Array.from({ length: 100 }, (_, row) => row % 10);
    const baseline = outcomeOfNumbers('mae', truth, new Float64Array(100).fill(4.5));
    const barely = truth.map((_, row) => (row === 0 ? 4.4 : 4.5));
    const entries = [
      { runId: 'run_sure', committedAtMs: 0, fileHashes: ['a'], outcome: outcomeOfNumbers('mae', truth, truth) },
      { runId: 'run_barely', committedAtMs: 0, fileHashes: ['b'], outcome: outcomeOfNumbers('mae', truth, barely) },
    ];
    const verdict = decide({ baseline, entries });
    expect(verdict.entries.map(({ runId, beatsBaseline }) => [runId, beatsBaseline])).toEqual([
      ['run_sure', true],
      ['run_barely', false],
    ]);
  });

  test('refuses outcomes of another metric or of other rows', () => {
    const baseline = outcomeOfNumbers('mae', Float64Array.of(1), Float64Array.of(1));
    const entry = (outcome: Outcome): Contender => ({ runId: 'run_a', committedAtMs: 0, fileHashes: [], outcome });
    const rmse = outcomeOfNumbers('rmse', Float64Array.of(1), Float64Array.of(1));
    const longer = outcomeOfNumbers('mae', Float64Array.of(1, 2), Float64Array.of(1, 2));
    expect(() => decide({ baseline, entries: [entry(rmse)] })).toThrow(RangeError);
    expect(() => decide({ baseline, entries: [entry(longer)] })).toThrow(RangeError);
  });
});

describe('copies', () => {
  const truth = Int32Array.of(0, 1, 0, 1);
  const outcomeWith = (shift: number): Outcome =>
    outcomeOfClasses(
      'accuracy',
      truth,
      {
        probabilities: Float32Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? 0.6 + shift : 0.4 - shift)),
        labels: new Int32Array(4),
      },
      2,
    );
  const entry = (runId: string, at: number, shift: number, hash = runId): Contender => ({
    runId,
    committedAtMs: at,
    fileHashes: [hash],
    outcome: outcomeWith(shift),
  });
  const copiesOf = (entries: Contender[]): Record<string, string | null> =>
    Object.fromEntries(
      decide({ baseline: outcomeWith(0.2), entries }).entries.map(({ runId, copyOf }) => [runId, copyOf]),
    );

  test('the same files, or probabilities that differ by rounding, repeat the earliest', () => {
    const entries = [entry('run_c', 3, 0.1, 'run_a'), entry('run_b', 2, 1e-7), entry('run_a', 1, 0)];
    expect(copiesOf(entries)).toEqual({ run_a: null, run_b: 'run_a', run_c: 'run_a' });
  });

  test('equal labels from other probabilities are no copy', () => {
    expect(copiesOf([entry('run_a', 1, 0), entry('run_b', 2, 0.01)])).toEqual({ run_a: null, run_b: null });
  });
});
