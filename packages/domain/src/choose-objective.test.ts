import { AppError, taskTable } from '@agon/contracts';
import { expect, test } from 'vitest';
import { chooseObjective } from './choose-objective.ts';

test('the default is the first metric of the task', () => {
  expect(chooseObjective('tabular-regression', {})).toEqual({ metric: 'rmse', direction: 'minimize', goal: null });
  expect(chooseObjective('tabular-classification', { metric: 'f1_macro', goal: 0.9 })).toEqual({
    metric: 'f1_macro',
    direction: 'maximize',
    goal: 0.9,
  });
});

test('a metric of another task is refused with the list of metrics', () => {
  for (const metric of taskTable['tabular-regression'].metrics) {
    expect(() => chooseObjective('tabular-classification', { metric })).toThrow(AppError);
    expect(() => chooseObjective('tabular-classification', { metric })).toThrow(
      /log_loss, accuracy, f1_macro, roc_auc/,
    );
  }
});
