import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomOf, type Sampling, sample } from './sampling.ts';

const greedy: Sampling = { temperature: 0, topP: 1, frequencyPenalty: 0, presencePenalty: 0, topLogprobs: null };
const nothingSaid = new Map<number, number>();
const logits = Float32Array.from([0, Math.log(2), Math.log(5), Math.log(2)]);

const drawnTokens = (sampling: Sampling, draws = 400): number[] => {
  const random = randomOf(7);
  return Array.from({ length: draws }, () => sample(logits, sampling, { said: nothingSaid, random }).token);
};

describe('choosing a token', () => {
  test('temperature 0 takes the likeliest', () => {
    expect(sample(logits, greedy, { said: nothingSaid, random: () => 0.99 }).token).toBe(2);
  });

  test('tokens are drawn in proportion to their probabilities', () => {
    const counts = [0, 0, 0, 0];
    for (const token of drawnTokens({ ...greedy, temperature: 1 }, 4_000)) counts[token] = (counts[token] ?? 0) + 1;
    expect(counts.map((count) => Math.round(count / 400))).toEqual([1, 2, 5, 2]);
  });

  test('the nucleus leaves unlikely tokens out', () => {
    expect(new Set(drawnTokens({ ...greedy, temperature: 1, topP: 0.5 }))).toEqual(new Set([2]));
    expect(new Set(drawnTokens({ ...greedy, temperature: 1, topP: 0.6 }))).toEqual(new Set([1, 2]));
  });

  test('a token that was said often loses to another', () => {
    const said = new Map([[2, 2]]);
    const penalised = { ...greedy, frequencyPenalty: 0.5 };
    expect(sample(logits, penalised, { said, random: () => 0 }).token).toBe(1);
  });

  test('the same seed draws the same tokens', () => {
    const sampling = { ...greedy, temperature: 1.3, topP: 0.9 };
    expect(drawnTokens(sampling)).toEqual(drawnTokens(sampling));
  });

  test('every draw is a token of the vocabulary, whatever the logits', () => {
    const anything = fc.array(fc.float({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 40 });
    const unit = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    fc.assert(
      fc.property(anything, unit, unit, (values, at, topP) => {
        const sampling = { ...greedy, temperature: 0.7, topP: Math.max(0.01, topP) };
        const { token } = sample(Float32Array.from(values), sampling, { said: nothingSaid, random: () => at });
        expect(token).toBeGreaterThanOrEqual(0);
        expect(token).toBeLessThan(values.length);
      }),
    );
  });
});

describe('log probabilities', () => {
  test('are the model’s own, with the likeliest alternatives in order', () => {
    const sampling = { ...greedy, temperature: 5, frequencyPenalty: 1, topLogprobs: 2 };
    const { alternatives } = sample(logits, sampling, { said: new Map([[2, 9]]), random: () => 0 });
    expect(alternatives.map(({ token }) => token)).toEqual([2, 1]);
    expect(alternatives.map(({ logprob }) => Math.exp(logprob).toFixed(3))).toEqual(['0.500', '0.200']);
  });
});
