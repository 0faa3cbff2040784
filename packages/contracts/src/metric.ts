import { z } from 'zod';

export const MetricName = z
  .enum([
    'log_loss',
    'accuracy',
    'f1_macro',
    'roc_auc',
    'rmse',
    'mae',
    'r2',
    'loss',
    'perplexity',
    'preference_accuracy',
    'dpo_loss',
  ])
  .meta({ id: 'MetricName' });
export type MetricName = z.infer<typeof MetricName>;

export const Direction = z.enum(['minimize', 'maximize']);
export type Direction = z.infer<typeof Direction>;

type MetricSpec = {
  readonly direction: Direction;
  /** Whether the metric is a mean over rows (rmse is the root of one), so that rivals can be compared row by row. */
  readonly decomposes: boolean;
  readonly summary: string;
};

/** Every metric: which way is better and whether it has a per-example form. */
export const metricTable = {
  log_loss: {
    direction: 'minimize',
    decomposes: true,
    summary: 'mean negative log of the probability of the true class',
  },
  accuracy: { direction: 'maximize', decomposes: true, summary: 'share of rows whose class is right' },
  f1_macro: { direction: 'maximize', decomposes: false, summary: 'F1 of each class, averaged over the classes' },
  roc_auc: {
    direction: 'maximize',
    decomposes: false,
    summary: 'area under the ROC curve; one class against the rest, macro-averaged, for more than two',
  },
  rmse: { direction: 'minimize', decomposes: true, summary: 'root of the mean squared error' },
  mae: { direction: 'minimize', decomposes: true, summary: 'mean absolute error' },
  loss: { direction: 'minimize', decomposes: true, summary: 'nats per completion token: mean negative log-likelihood' },
  perplexity: { direction: 'minimize', decomposes: true, summary: 'exponential of the loss' },
  preference_accuracy: {
    direction: 'maximize',
    decomposes: true,
    summary: 'share of rows whose chosen answer gains more over the base than the rejected one',
  },
  dpo_loss: {
    direction: 'minimize',
    decomposes: true,
    summary: 'mean DPO loss with beta 0.1 and the base as reference (Rafailov et al., 2023)',
  },
  r2: { direction: 'maximize', decomposes: false, summary: 'share of the variance explained' },
} as const satisfies Record<MetricName, MetricSpec>;

/** What the race is won by. */
export const Objective = z
  .object({ metric: MetricName, direction: Direction, goal: z.number().nullable() })
  .meta({ id: 'Objective' });
export type Objective = z.infer<typeof Objective>;
