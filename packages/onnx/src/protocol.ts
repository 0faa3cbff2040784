import type { OnnxValue } from './onnx-value.ts';
import type { Texts } from './texts.ts';

/** Columns of one batch by input name; a column is a tensor `[rows, 1]`. */
export type Feeds = Readonly<Record<string, Float32Array | readonly string[]>>;

/** The same, as it crosses to the process. */
export type SentFeeds = Readonly<Record<string, Float32Array | readonly string[] | Texts>>;

/** An output that is wanted, and how many values a row of it may have. */
export type Fetch = { readonly name: string; readonly widthMax: number };

/** Strings come as each different one once, and its index per value. */
export type OutputData = Float32Array | Float64Array | BigInt64Array | Int32Array | Texts;

/** One output over all rows: `data` has `rows * width` values, row by row. */
export type OnnxOutput = {
  readonly elementType: string;
  readonly rank: number;
  readonly width: number;
  readonly data: OutputData;
};

export type OnnxOutputs = Readonly<Record<string, OnnxOutput>>;

export type ToChild =
  | { readonly kind: 'load'; readonly id: number; readonly modelPath: string; readonly threads: number }
  | {
      readonly kind: 'run';
      readonly id: number;
      readonly rows: number;
      readonly batchRows: number;
      readonly feeds: SentFeeds;
      readonly fetches: readonly Fetch[];
    };

export type FromChild =
  /** The runtime is there: what goes wrong from here on is the model's doing. */
  | { readonly kind: 'ready'; readonly runtime: string }
  | { readonly kind: 'loaded'; readonly id: number; readonly inputs: OnnxValue[]; readonly outputs: OnnxValue[] }
  | { readonly kind: 'outputs'; readonly id: number; readonly outputs: OnnxOutputs }
  | {
      readonly kind: 'rejected';
      readonly id: number;
      readonly code: 'model_unreadable' | 'inference_failed' | 'inference_out_of_memory' | 'outputs_wrong';
      readonly message: string;
    };
