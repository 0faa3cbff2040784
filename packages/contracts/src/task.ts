import { z } from 'zod';
import type { MetricName } from './metric.ts';

export const TaskName = z.enum(['tabular-classification', 'tabular-regression']).meta({ id: 'TaskName' });
export type TaskName = z.infer<typeof TaskName>;

export const SubmissionFormat = z.enum(['onnx']).meta({ id: 'SubmissionFormat' });
export type SubmissionFormat = z.infer<typeof SubmissionFormat>;

type TaskSpec = {
  readonly summary: string;
  /** The first is the default. */
  readonly metrics: readonly [MetricName, ...MetricName[]];
  readonly formats: readonly [SubmissionFormat, ...SubmissionFormat[]];
  readonly needsBaseModel: boolean;
};

/** Every task: its metrics and what a miner returns. A new task is a row here and a module per service. */
export const taskTable = {
  'tabular-classification': {
    summary: 'predict the class in one column of a table',
    metrics: ['log_loss', 'accuracy', 'f1_macro', 'roc_auc'],
    formats: ['onnx'],
    needsBaseModel: false,
  },
  'tabular-regression': {
    summary: 'predict the number in one column of a table',
    metrics: ['rmse', 'mae', 'r2'],
    formats: ['onnx'],
    needsBaseModel: false,
  },
} as const satisfies Record<TaskName, TaskSpec>;
