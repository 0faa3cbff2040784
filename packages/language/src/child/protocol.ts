import type { ExecutionProvider } from '../execution-provider.ts';
import type { EncodedRows, TextRows } from '../rows/encode-rows.ts';
import type { TokenRows } from '../rows/token-rows.ts';

/** A folder with an adapter, and the largest rank that it may have. */
export type AdapterRef = { readonly folder: string; readonly rankMax: number };

export type ToScorer =
  /** Which base model, and where graphs may be written: a folder above those of all weights. */
  | {
      readonly kind: 'open';
      readonly id: number;
      readonly baseFolder: string;
      readonly graphFolder: string;
      /** A full checkpoint to be scored instead of the base. */
      readonly checkpointFolder: string | null;
      readonly threads: number;
      readonly provider: ExecutionProvider;
    }
  /** Whether a provider works in this process. */
  | { readonly kind: 'probe'; readonly id: number; readonly provider: ExecutionProvider }
  /** Loads the base, so that what is asked next can only fail through a submission. */
  | { readonly kind: 'load'; readonly id: number }
  | { readonly kind: 'encode'; readonly id: number; readonly input: TextRows; readonly tokensMax: number }
  | {
      readonly kind: 'score';
      readonly id: number;
      readonly sets: readonly TokenRows[];
      readonly adapter: AdapterRef | null;
      readonly batchTokens: number;
    }
  | {
      readonly kind: 'classify';
      readonly id: number;
      readonly sets: readonly TokenRows[];
      readonly classes: readonly string[];
      readonly batchTokens: number;
    };

export type FromScorer =
  | { readonly kind: 'opened'; readonly id: number }
  | { readonly kind: 'probed'; readonly id: number }
  | { readonly kind: 'loaded'; readonly id: number }
  | { readonly kind: 'encoded'; readonly id: number; readonly rows: EncodedRows }
  /** Per set and row the sum of the negative log-likelihoods of the scored tokens. */
  | { readonly kind: 'scored'; readonly id: number; readonly nats: readonly Float64Array[] }
  /** Per set, `rows * classes` logits in the order of the classes asked for. */
  | { readonly kind: 'classified'; readonly id: number; readonly logits: readonly Float32Array[] };

/** Without their numbers. */
export type ScorerAnswer = FromScorer extends infer M ? (M extends FromScorer ? Omit<M, 'id'> : never) : never;
