import type { BaseModels } from '@agon/base-models';
import type { Clock, Log, SigningKey } from '@agon/kit';
import type { QueueProducer } from '@agon/queue/producer';
import type { ArtifactStore, Stores } from '@agon/store';
import type { PostEvent } from './webhook/post-event.ts';

/** Everything that the handlers reach beyond themselves. */
export type SchedulerDeps = {
  readonly stores: Stores;
  readonly artifacts: ArtifactStore;
  readonly queue: Pick<QueueProducer, 'add' | 'signal'>;
  readonly baseModels: Pick<BaseModels, 'ensure'>;
  /** Posts an event to a webhook. */
  readonly postEvent: PostEvent;
  readonly clock: Clock;
  readonly log: Log;
  /** Signs receipts. */
  readonly signingKey: SigningKey;
  /** Versions of the software, for receipts: `{ agon: '0.1.0' }`. */
  readonly versions: Readonly<Record<string, string>>;
};

/** Now, as the store keeps time. */
export const nowDate = (deps: Pick<SchedulerDeps, 'clock'>): Date => new Date(deps.clock.nowMs());
