import { expect, test } from 'vitest';
import { predictionOfLogits } from './prediction-of-logits.ts';

test('each row becomes probabilities and its likeliest class', () => {
  const { probabilities, labels } = predictionOfLogits(Float32Array.from([0, Math.log(3), 2, 2]), 2);
  expect([...labels]).toEqual([1, 0]);
  expect([...probabilities].map((value) => Number(value.toFixed(6)))).toEqual([0.25, 0.75, 0.5, 0.5]);
});

test('logits far apart overflow nothing', () => {
  expect([...predictionOfLogits(Float32Array.from([1e30, -1e30]), 2).probabilities]).toEqual([1, 0]);
});
