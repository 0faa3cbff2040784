/** An encoder of the BERT kind that classifies texts, whatever its family calls things. */
export type EncoderConfig = {
  readonly kind: 'encoder';
  readonly architecture: string;
  readonly layout: EncoderLayoutName;
  readonly vocabulary: number;
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly normEpsilon: number;
  readonly activation: 'gelu' | 'gelu_tanh' | 'relu';
  /** Rows of the table of positions. */
  readonly positionRows: number;
  /** Row of the first token's position: RoBERTa counts from after its padding id. */
  readonly positionStart: number;
  /** Longest sequence: `positionRows - positionStart`. */
  readonly positions: number;
  /** Rows of the table of token types; 0 where there is none. */
  readonly tokenTypes: number;
  /** Classes of the head; null where the model has no head. */
  readonly labels: number | null;
};

export type EncoderLayoutName = 'bert' | 'roberta' | 'distilbert';
