import { z } from 'zod';
import type { MetricName } from './metric.ts';

export const TaskName = z
  .enum(['tabular-classification', 'tabular-regression', 'text-classification', 'chat', 'preference'])
  .meta({ id: 'TaskName' });
export type TaskName = z.infer<typeof TaskName>;

export const SubmissionFormat = z.enum(['onnx', 'peft-lora', 'hf-checkpoint']).meta({ id: 'SubmissionFormat' });
export type SubmissionFormat = z.infer<typeof SubmissionFormat>;

type TaskSpec = {
  readonly summary: string;
  /** The first is the default. */
  readonly metrics: readonly [MetricName, ...MetricName[]];
  readonly formats: readonly [SubmissionFormat, ...SubmissionFormat[]];
  /** Whether a job names a model to start from. */
  readonly baseModel: 'none' | 'optional' | 'required';
  /** Whether a job names a column to predict. */
  readonly target: boolean;
  /** Rows of a table, or of text: which package reads the dataset. */
  readonly data: 'table' | 'text';
};

/** Every task: its metrics and what a miner returns. A new task is a row here and a module per service. */
export const taskTable = {
  'tabular-classification': {
    summary: 'predict the class in one column of a table',
    metrics: ['log_loss', 'accuracy', 'f1_macro', 'roc_auc'],
    formats: ['onnx'],
    baseModel: 'none',
    target: true,
    data: 'table',
  },
  'tabular-regression': {
    summary: 'predict the number in one column of a table',
    metrics: ['rmse', 'mae', 'r2'],
    formats: ['onnx'],
    baseModel: 'none',
    target: true,
    data: 'table',
  },
  'text-classification': {
    summary: 'predict the class of a text',
    metrics: ['log_loss', 'accuracy', 'f1_macro'],
    formats: ['hf-checkpoint', 'onnx'],
    baseModel: 'optional',
    target: true,
    data: 'text',
  },
  chat: {
    summary: 'answer as the assistant of a conversation does',
    metrics: ['loss', 'perplexity'],
    formats: ['peft-lora', 'hf-checkpoint'],
    baseModel: 'required',
    target: false,
    data: 'text',
  },
  preference: {
    summary: 'prefer the chosen answer to the rejected one',
    metrics: ['preference_accuracy', 'dpo_loss'],
    formats: ['peft-lora', 'hf-checkpoint'],
    baseModel: 'required',
    target: false,
    data: 'text',
  },
} as const satisfies Record<TaskName, TaskSpec>;

/** The tasks that OpenAI's fine-tuning API has words for. */
export const fineTuningTasks = ['chat', 'preference'] as const satisfies readonly TaskName[];
export const isFineTuningTask = (task: TaskName): boolean => fineTuningTasks.some((each) => each === task);
