import type { Clock, Log } from '@agon/kit';
import type { QueueProducer } from '@agon/queue/producer';
import type { ArtifactStore, Stores } from '@agon/store';
import type { TaskModules } from './tasks/task-module.ts';

/** Everything that the handlers reach beyond themselves. */
export type EvaluatorDeps = {
  readonly stores: Stores;
  readonly artifacts: ArtifactStore;
  readonly queue: Pick<QueueProducer, 'add' | 'signal'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly tasks: TaskModules;
  /** Versions of the software, for evaluations and receipts. */
  readonly versions: Readonly<Record<string, string>>;
};

/** Now, as the store keeps time. */
export const nowDate = (deps: Pick<EvaluatorDeps, 'clock'>): Date => new Date(deps.clock.nowMs());
