import { limits } from '@agon/contracts';
import { encodeOutcome, type Outcome, scoreWithInterval } from '@agon/domain';
import type { MeasuredPart } from '@agon/store';
import type { EvaluatorDeps } from './evaluator-deps.ts';

/** Stores an outcome as a blob and scores it with its interval. The seed is the job's, so that a repeat agrees. */
export async function measurePart(deps: EvaluatorDeps, outcome: Outcome, seed: number): Promise<MeasuredPart> {
  const blob = await deps.artifacts.put(once(encodeOutcome(outcome)));
  const score = scoreWithInterval(outcome, { resamples: limits.bootstrapResamples, seed });
  return { score, outcome: blob };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
