import type { Gain, Objective, Score } from '@agon/contracts';
import { type BootstrapOptions, gains, interval95, resampledValues, signOf } from './bootstrap.ts';
import { findCopies } from './copies.ts';
import type { Outcome } from './outcome.ts';
import { scoreOutcome } from './scorer.ts';

/** A scored submission that takes part in the judgement. */
export type Contender = {
  readonly runId: string;
  readonly committedAtMs: number;
  readonly fileHashes: readonly string[];
  readonly outcome: Outcome;
};

export type JudgedContender = {
  runId: string;
  rank: number;
  score: Score;
  /** Gain over the first in rank; null for the first. */
  toWinner: Gain | null;
  pBest: number;
  beatsBaseline: boolean;
  copyOf: string | null;
};

export type Verdict = { entries: JudgedContender[]; winnerRunId: string | null };

type Measured = Contender & { readonly value: number; readonly resampled: Float64Array };

const byCommit = (left: Contender, right: Contender): number =>
  left.committedAtMs - right.committedAtMs || (left.runId < right.runId ? -1 : 1);

/** The share of resamples in which each entry is the best; the best of a resample share it when they tie. */
function shareOfBest(entries: readonly Measured[], sign: 1 | -1, resamples: number): Map<string, number> {
  const wins = new Float64Array(entries.length);
  for (let resample = 0; resample < resamples; resample += 1) {
    let best = Number.NEGATIVE_INFINITY;
    let ties = 0;
    for (const entry of entries) {
      const value = sign * (entry.resampled[resample] as number);
      if (value > best) ties = 0;
      if (value >= best) ties += 1;
      best = Math.max(best, value);
    }
    for (const [index, entry] of entries.entries())
      if (sign * (entry.resampled[resample] as number) === best) wins[index] = (wins[index] as number) + 1 / ties;
  }
  return new Map(entries.map((entry, index) => [entry.runId, (wins[index] as number) / resamples]));
}

function measure(
  input: { baseline: Outcome; entries: readonly Contender[] },
  options: BootstrapOptions,
): { baseline: Float64Array; entries: Measured[] } {
  const usable = input.entries
    .map((entry) => ({ ...entry, value: scoreOutcome(entry.outcome) }))
    .filter((entry) => Number.isFinite(entry.value));
  const [baseline = new Float64Array(options.resamples), ...resampled] = resampledValues(
    [input.baseline, ...usable.map((entry) => entry.outcome)],
    options,
  );
  const entries = usable.map((entry, index) => ({ ...entry, resampled: resampled[index] ?? new Float64Array() }));
  return { baseline, entries };
}

/**
 * Decides a race on the selection rows. Ranks by the metric; exact ties go to the earlier commit (then to the smaller
 * id). The first wins if its value is better than the baseline's. Doubt stands beside it: the interval of every entry's
 * difference to the first and to the baseline, and its probability of being best, all over the same resamples.
 * `beatsBaseline` says that the lower end of the gain over the baseline is above 0. An entry whose value is not a finite
 * number is left out. The order of `entries` does not matter.
 *
 * @throws RangeError where an outcome has other rows or another metric than the objective.
 */
export function judge(
  input: { objective: Objective; baseline: Outcome; entries: readonly Contender[] } & BootstrapOptions,
): Verdict {
  const metric = input.objective.metric;
  if ([input.baseline, ...input.entries.map((entry) => entry.outcome)].some((outcome) => outcome.metric !== metric))
    throw new RangeError(`Every outcome must be of ${metric}.`);
  const sign = signOf(metric);
  const { baseline, entries } = measure(input, input);
  const ranked = entries.toSorted((left, right) => sign * (right.value - left.value) || byCommit(left, right));
  const [first] = ranked;
  if (!first) return { entries: [], winnerRunId: null };
  const pBest = shareOfBest(ranked, sign, input.resamples);
  const copies = findCopies(ranked.toSorted(byCommit));
  const judged = ranked.map((entry, index) => ({
    runId: entry.runId,
    rank: index + 1,
    score: { value: entry.value, ci95: interval95(entry.resampled), rows: entry.outcome.rows },
    toWinner:
      index === 0
        ? null
        : {
            value: sign * (entry.value - first.value) + 0,
            ci95: interval95(gains(entry.resampled, first.resampled, sign)),
          },
    pBest: pBest.get(entry.runId) ?? 0,
    beatsBaseline: interval95(gains(entry.resampled, baseline, sign))[0] > 0,
    copyOf: copies.get(entry.runId) ?? null,
  }));
  const beats = sign * (first.value - scoreOutcome(input.baseline)) > 0;
  return { entries: judged, winnerRunId: beats ? first.runId : null };
}
