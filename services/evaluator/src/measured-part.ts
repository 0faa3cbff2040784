import { encodeOutcome, type Outcome, scoreWithInterval } from '@agon/domain';
import type { MeasuredPart } from '@agon/store';
import type { EvaluatorDeps } from './evaluator-deps.ts';

/** The score of an outcome with its interval, and the outcome as a blob, so that rivals can be compared row by row. */
export async function measuredPart(deps: EvaluatorDeps, outcome: Outcome, seed: number): Promise<MeasuredPart> {
  const score = scoreWithInterval(outcome, { resamples: deps.limits.bootstrapResamples, seed });
  return { score, outcome: await deps.artifacts.put(once(encodeOutcome(outcome))) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
