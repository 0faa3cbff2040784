import type { Capabilities, FailureClass, Score } from '@agon/contracts';
import type { Clock, Log, SigningKey } from '@agon/kit';
import type { Runner } from './runner/runner.ts';

export type MinerOptions = {
  readonly baseUrl: string;
  /** Where runs, logs and caches live; one miner at a time. */
  readonly folder: string;
  readonly key: SigningKey;
  readonly name: string;
  readonly templatesFolder: string;
  /** The recipes this miner runs, in order of preference: names, folders, or commits of git repositories. */
  readonly templates: readonly string[];
  /** Whether programs that were fetched may run as plain processes. */
  readonly trustsForeignCode?: boolean;
  readonly capabilities: Omit<Capabilities, 'tasks' | 'templates'>;
  /** Disk for base models that are kept between runs. */
  readonly baseModelsBytesMax?: number;
  readonly runner: Runner;
  /** Runs at the same time; without it as many as the machine has parts of a useful size. */
  readonly concurrency?: number | undefined;
  /** Whether several runs may have the same GPU. */
  readonly sharesGpus?: boolean;
  /** Ends by itself after this many runs; `undefined` is never. */
  readonly runsMax?: number;
  /** The environment whose named variables trainers may see. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly clock: Clock;
  /** 16 to 64 base64url characters, new each time. */
  readonly newNonce: () => string;
  /** Hears what the miner does; for a terminal. */
  readonly onChange?: (change: MinerChange) => void;
};

export type MinerChange =
  | { readonly kind: 'registered'; readonly minerId: string }
  | { readonly kind: 'leased'; readonly runId: string; readonly task: string; readonly template: string }
  | { readonly kind: 'progress'; readonly runId: string; readonly step: number; readonly loss: number | undefined }
  | { readonly kind: 'submitted'; readonly runId: string }
  | {
      readonly kind: 'ended';
      readonly runId: string;
      readonly outcome: RunOutcome;
      readonly message: string;
      readonly class?: FailureClass;
    }
  | {
      /** How a run did that was handed in: when its race is judged, or as soon as its model is rejected. */
      readonly kind: 'verdict';
      readonly runId: string;
      readonly outcome: 'won' | 'lost' | 'rejected' | 'cancelled';
      readonly rank: number | null;
      readonly score: Score | null;
      readonly message: string;
    };

export type RunOutcome = 'submitted' | 'failed' | 'abandoned';
