import { describe, expect, test } from 'vitest';
import { outcomeOfPreferences, outcomeOfTokens, preferenceMargins } from './language-outcome.ts';
import { scoreOutcome } from './scorer.ts';

describe('outcomeOfTokens', () => {
  const nats = Float64Array.from([2, 6, 1]);
  const tokens = Int32Array.from([2, 3, 5]);

  test('scores the mean over tokens, not over rows', () => {
    expect(scoreOutcome(outcomeOfTokens('loss', { nats, tokens }))).toBeCloseTo(0.9, 12);
    expect(scoreOutcome(outcomeOfTokens('perplexity', { nats, tokens }))).toBeCloseTo(Math.exp(0.9), 12);
  });

  test('weighs a row by how often it was drawn', () => {
    const outcome = outcomeOfTokens('loss', { nats, tokens });
    expect(scoreOutcome(outcome, Uint32Array.from([0, 2, 1]))).toBeCloseTo(13 / 11, 12);
  });

  test('bounds a row that is as bad as can be, so that sums stay finite', () => {
    const outcome = outcomeOfTokens('loss', { nats: Float64Array.from([1e300]), tokens: Int32Array.from([1]) });
    expect(scoreOutcome(outcome)).toBe(1_000);
  });

  test('refuses rows without tokens and scores that are not finite', () => {
    expect(() => outcomeOfTokens('loss', { nats, tokens: Int32Array.from([2, 0, 1]) })).toThrow('no completion token');
    expect(() => outcomeOfTokens('loss', { nats: Float64Array.from([1, 2, Number.NaN]), tokens })).toThrow('finite');
    expect(() => outcomeOfTokens('accuracy', { nats, tokens })).toThrow('not a metric of tokens');
  });
});

describe('outcomeOfPreferences', () => {
  const margins = Float64Array.from([3, 0, -2, 40]);

  test('takes a margin of none for half right', () => {
    expect(scoreOutcome(outcomeOfPreferences('preference_accuracy', margins))).toBeCloseTo(2.5 / 4, 12);
  });

  test('scores the DPO loss, ln 2 for the base itself, without overflow', () => {
    const mean = [...margins].reduce((sum, margin) => sum - Math.log(1 / (1 + Math.exp(-0.1 * margin))), 0) / 4;
    expect(scoreOutcome(outcomeOfPreferences('dpo_loss', margins))).toBeCloseTo(mean, 12);
    expect(scoreOutcome(outcomeOfPreferences('dpo_loss', new Float64Array(3)))).toBeCloseTo(Math.LN2, 12);
    expect(scoreOutcome(outcomeOfPreferences('dpo_loss', Float64Array.from([-1e5])))).toBeCloseTo(1e4, 6);
  });

  test('a margin is the gain on the chosen answer less that on the rejected one', () => {
    const base = Float64Array.from([10, 20, 5, 5]);
    const model = Float64Array.from([7, 21, 6, 2]);
    expect([...preferenceMargins(base, model)]).toEqual([4, -4]);
  });
});
