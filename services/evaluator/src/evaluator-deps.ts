import type { Clock, Log } from '@agon/kit';
import type { ExecutionProvider, LanguageScorers } from '@agon/language';
import type { QueueProducer } from '@agon/queue/producer';
import type { ArtifactStore, Stores } from '@agon/store';
import type { TaskModules } from './tasks/task-module.ts';

export type ScoringLimits = {
  readonly submissionBytesMax: number;
  /** From loading the model to the last row of both hidden parts. */
  readonly scoringMsMax: number;
  readonly childMemoryMib: number;
  readonly threads: number;
  /** Of language models; tables are scored on the processor. */
  readonly provider?: ExecutionProvider;
  readonly bootstrapResamples: number;
  /** For how long a submission is tried again that the service, not the submission, keeps from being scored. */
  readonly patienceMs: number;
};

/** Everything that the handlers reach beyond themselves. */
export type EvaluatorDeps = {
  readonly stores: Pick<Stores, 'jobs' | 'runs' | 'seats' | 'evaluations' | 'events' | 'baseModels'>;
  readonly artifacts: Pick<ArtifactStore, 'put' | 'read' | 'localPath'>;
  readonly queue: Pick<QueueProducer, 'add' | 'signal'>;
  /** Keeps the last base model loaded. */
  readonly scorers: Pick<LanguageScorers, 'use'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Versions of the software, for evaluations: `{ agon, node }`; a task adds its runtime's. */
  readonly versions: Readonly<Record<string, string>>;
  readonly limits: ScoringLimits;
  readonly tasks: TaskModules;
};

/** Now, as the store keeps time. */
export const nowDate = (deps: Pick<EvaluatorDeps, 'clock'>): Date => new Date(deps.clock.nowMs());
