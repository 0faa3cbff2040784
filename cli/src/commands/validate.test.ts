import { expect, test } from 'vitest';
import { renderNeeds, renderProblems } from './validate.ts';

const needs = { race_minutes_max: 10, seats: 3, miners_that_fit: 1, memory_mib: 1_664, epoch_minutes: 2.5 };

test('what a run needs is said, and how many miners have it', () => {
  expect(renderNeeds(needs)).toEqual([
    'A run needs about 1664 MiB of memory; one pass over the training rows takes about 2.5 min on two CPU cores.',
    '1 miner online fits this job.',
  ]);
  expect(renderNeeds({ ...needs, epoch_minutes: null, miners_that_fit: 0 })).toEqual([
    'A run needs about 1664 MiB of memory.',
    '0 miners online fit this job.',
  ]);
});

test('a budget of less than one pass is warned of', () => {
  expect(renderNeeds({ ...needs, race_minutes_max: 2 })[1]).toBe(
    'note: the 2 minutes of the budget are less than that; without GPUs give more.',
  );
});

test('problems are listed but for one that the error says already', () => {
  const of = (message: string, row: number | null) => ({ code: 'x', message, row, column: 'age', count: 1 });
  const problems = [of('There is no such column.', null), of('"abc" is not a number.', 12)];
  expect(renderProblems(problems, 'There is no such column.')).toEqual(['  row 12, age: "abc" is not a number.']);
  expect(renderProblems(problems, 'The dataset has 2 problems.')).toHaveLength(2);
});
