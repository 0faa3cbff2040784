import type { Outcome } from './outcome.ts';

/** Predictions closer than this everywhere (probabilities; numbers in standard deviations of the truth) are the same. */
export const copyDistanceMax = 1e-5;

type Candidate = { readonly runId: string; readonly fileHashes: readonly string[]; readonly outcome: Outcome };

const filesKey = (hashes: readonly string[]): string => hashes.toSorted().join(' ');

function spreadOf(outcome: Outcome): number {
  if (!['rmse', 'mae', 'r2'].includes(outcome.metric)) return 1;
  const mean = outcome.truth.reduce((sum, value) => sum + value / outcome.rows, 0);
  const variance = outcome.truth.reduce((sum, value) => sum + (value - mean) ** 2 / outcome.rows, 0);
  return Math.sqrt(variance);
}

function samePredictions(left: Outcome, right: Outcome): boolean {
  const bound = copyDistanceMax * spreadOf(left);
  return (
    left.prediction.length === right.prediction.length &&
    left.prediction.every((value, index) => Math.abs(value - (right.prediction[index] as number)) <= bound)
  );
}

/**
 * Who repeats whom: `run → the earliest run` with the same files or nearly the same predictions. A run is compared with
 * originals only, so a chain of small steps does not make everything one group.
 *
 * @param entries in the order of their commits.
 */
export function findCopies(entries: readonly Candidate[]): Map<string, string> {
  const originals: Candidate[] = [];
  const copies = new Map<string, string>();
  for (const entry of entries) {
    const original = originals.find(
      (earlier) =>
        (entry.fileHashes.length > 0 && filesKey(earlier.fileHashes) === filesKey(entry.fileHashes)) ||
        samePredictions(earlier.outcome, entry.outcome),
    );
    if (original) copies.set(entry.runId, original.runId);
    else originals.push(entry);
  }
  return copies;
}
