import type { DatasetNote, DatasetProblem, ErrorCode } from '@agon/contracts';
import type { RowBatch } from './table-reader.ts';

/** What the process that reads Parquet says: `ready` at once, then one answer to every `next`. */
export type FromParquetChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'batch'; readonly batch: RowBatch }
  | { readonly kind: 'end'; readonly notes: DatasetNote[]; readonly problems: DatasetProblem[] }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };
