import type { ChatMessage } from '@agon/contracts';
import type { Sampling } from './engine/sampling.ts';

/** What an answer is made from. */
export type Generation = {
  readonly conversation: readonly ChatMessage[];
  /** Null for as many as the model's context has room for, within `newTokensMax` of the settings. */
  readonly newTokensMax: number | null;
  readonly stops: readonly string[];
  readonly seed: number;
  readonly sampling: Sampling;
};

export type TokenText = { readonly text: string; readonly logprob: number };
/** One token and its likeliest alternatives, each as the text that it stands for. */
export type TokenReport = TokenText & { readonly alternatives: readonly TokenText[] };

export type EngineSettings = {
  readonly threads: number;
  readonly rowsMax: number;
  readonly cacheBytesMax: number;
  readonly promptStepTokens: number;
  readonly newTokensMax: number;
};

export type ToModel =
  | {
      readonly kind: 'open';
      readonly id: number;
      /** Tokenizer and chat template. */
      readonly baseFolder: string;
      /** Weights and their config.json: the base's own folder, or a checkpoint's. */
      readonly weightsFolder: string;
      /** Where the graph is written: a folder above those of the weights. */
      readonly graphFolder: string;
      readonly settings: EngineSettings;
    }
  | {
      readonly kind: 'generate';
      readonly id: number;
      /** By which it can be cancelled. */
      readonly key: number;
      readonly generation: Generation;
      /** Folder of an adapter in peft's layout, with a name of its content. */
      readonly adapter: { readonly name: string; readonly folder: string } | null;
    }
  | { readonly kind: 'cancel'; readonly id: number; readonly key: number }
  | {
      readonly kind: 'classify';
      readonly id: number;
      readonly texts: readonly string[];
      readonly classes: readonly string[];
      /** Longer texts are cut. */
      readonly tokensMax: number;
    };

/** Why a request cannot be answered although nothing is broken. */
export type RefusalCode = 'context_length_exceeded' | 'conversation_refused' | 'no_chat_template' | 'wrong_kind';

export type FromModel =
  | { readonly kind: 'opened'; readonly id: number; readonly positions: number }
  | { readonly kind: 'part'; readonly id: number; readonly text: string; readonly report: TokenReport | null }
  | {
      readonly kind: 'generated';
      readonly id: number;
      readonly reason: 'stop' | 'length';
      readonly text: string;
      readonly promptTokens: number;
      readonly completionTokens: number;
    }
  /** `texts * classes` numbers. */
  | { readonly kind: 'classified'; readonly id: number; readonly logits: Float32Array }
  | { readonly kind: 'refused'; readonly id: number; readonly code: RefusalCode; readonly message: string }
  /** Of an answer that was cancelled, and of the request to cancel it. */
  | { readonly kind: 'cancelled'; readonly id: number };
