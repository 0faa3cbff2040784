import type { Scope } from '@agon/contracts';
import type { Clock, Log, NewId } from '@agon/kit';
import type { ArtifactStore, Stores } from '@agon/store';

/** What the registry stands on. */
export type HubDeps = {
  readonly stores: Pick<Stores, 'hub' | 'namespaces' | 'keys' | 'baseModels'>;
  readonly artifacts: Pick<ArtifactStore, 'put' | 'read' | 'stat'>;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly log: Log;
  /** Objects above this come in parts of this size, each of which can be sent again. */
  readonly partBytes?: number;
};

/** Who asks: the account of a key, or a stranger. */
export type HubCaller = { readonly accountId: string; readonly scopes: readonly Scope[] } | null;

export const nowDate = ({ clock }: Pick<HubDeps, 'clock'>): Date => new Date(clock.nowMs());
