import type { BaseModels } from '@agon/base-models';
import type { Clock, Log, Sealer, SigningKey } from '@agon/kit';
import type { QueueProducer } from '@agon/queue/producer';
import type { ArtifactStore, Stores } from '@agon/store';
import type { WinnerFiles } from './publish/files/winner-files.ts';
import type { PushHub, Registry } from './push/registry.ts';
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
  /** Writes what strangers need of a language model beside what its miner handed in. */
  readonly winnerFiles: WinnerFiles;
  readonly registry: Registry;
  readonly pushHub: PushHub | null;
  /** Opens the tokens of clients; null where the operator gave no key. */
  readonly sealer: Sealer | null;
  /** Where people reach the service, without a slash at the end; null where it is not known. */
  readonly publicUrl: string | null;
  /** Aborted when the service shuts down. */
  readonly stopping: AbortSignal;
};

/** Now, as the store keeps time. */
export const nowDate = (deps: Pick<SchedulerDeps, 'clock'>): Date => new Date(deps.clock.nowMs());
