import { limits } from '@agon/contracts';
import { aBaseModel } from '@agon/testing';
import { expect, test } from 'vitest';
import type { ScoringLimits } from '../evaluator-deps.ts';
import { scorerLimits } from './with-scorer.ts';

const scoring: ScoringLimits = {
  submissionBytesMax: 1_000_000,
  scoringMsMax: 60_000,
  childMemoryMib: limits.scoringChildMemoryMib,
  threads: 2,
  bootstrapResamples: 200,
  patienceMs: 1,
};
const withParameters = (parameters: number, hiddenSize: number) => {
  const base = aBaseModel();
  return scorerLimits(
    { limits: scoring },
    aBaseModel({
      facts: { ...base.facts, parameters, hidden_size: hiddenSize },
      files: [{ path: 'model.safetensors', sha256: 'a'.repeat(64), bytes: 2 * parameters }],
    }),
  );
};

test('a small base has the limits of every model', () => {
  expect(withParameters(1_000_000, 64)).toMatchObject({ memoryMib: 2_048, threads: 2 });
});

test('memory and time grow with the base', () => {
  const small = withParameters(135e6, 576);
  const large = withParameters(7e9, 4_096);
  // Float32 weights and the kernels' own layout of them, at least.
  expect(small.memoryMib).toBeGreaterThan((2 * 135e6 * 4) / 2 ** 20);
  expect(large.memoryMib).toBeGreaterThan((2 * 7e9 * 4) / 2 ** 20);
  expect(large.loadMs).toBeGreaterThan(scoring.scoringMsMax + 600_000);
  expect(large.tokensPerSecondMin).toBeLessThan(1);
});
