import type { ChatMessage } from '@agon/contracts';

/** The base model itself, or a winner made from it. */
export type Answerer =
  | { readonly kind: 'base' }
  | { readonly kind: 'adapter'; readonly folder: string }
  | { readonly kind: 'checkpoint'; readonly folder: string };

export type ToAnswerer = {
  readonly kind: 'answer';
  readonly id: number;
  readonly baseFolder: string;
  readonly answerer: Answerer;
  /** Where the graph is written: a folder above those of the weights. */
  readonly graphFolder: string;
  readonly threads: number;
  readonly conversations: readonly (readonly ChatMessage[])[];
  readonly newTokensMax: number;
};

export type FromAnswerer = { readonly kind: 'answered'; readonly id: number; readonly texts: readonly string[] };
