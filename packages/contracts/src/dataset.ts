import { z } from 'zod';
import { Sha256 } from './ids.ts';

export const DatasetFormat = z.enum(['csv', 'jsonl', 'parquet']).meta({ id: 'DatasetFormat' });
export type DatasetFormat = z.infer<typeof DatasetFormat>;

/** `text` is a string column with long or nearly always different values; `empty` has no value at all. */
export const ColumnKind = z.enum(['number', 'category', 'text', 'empty']).meta({ id: 'ColumnKind' });
export type ColumnKind = z.infer<typeof ColumnKind>;

/** A feature column as trainers and models know it. */
export const FeatureColumn = z
  .object({
    name: z.string(),
    /** The name of the ONNX input: the column's name where that is a plain identifier, else `column_<index>`. */
    input: z.string(),
    kind: z.enum(['number', 'category', 'text']),
  })
  .meta({ id: 'FeatureColumn' });
export type FeatureColumn = z.infer<typeof FeatureColumn>;

/** The shape of a table that a model learns: its features, target and classes. */
export const TableSchema = z
  .object({
    target: z.string(),
    /** Every class in the order of `probabilities`; null for regression. */
    classes: z.array(z.string()).nullable(),
    columns: z.array(FeatureColumn),
  })
  .meta({ id: 'TableSchema' });
export type TableSchema = z.infer<typeof TableSchema>;

export const ColumnSummary = z
  .object({
    name: z.string(),
    kind: ColumnKind,
    missing: z.int(),
    distinct: z.int(),
    /** True where `distinct` stopped counting. */
    distinct_capped: z.boolean(),
    role: z.enum(['feature', 'target', 'ignored']),
    examples: z.array(z.string()),
  })
  .meta({ id: 'ColumnSummary' });
export type ColumnSummary = z.infer<typeof ColumnSummary>;

/** Something that was noticed and handled, not refused. */
export const DatasetNote = z
  .object({ code: z.string(), column: z.string().nullable(), message: z.string() })
  .meta({ id: 'DatasetNote' });
export type DatasetNote = z.infer<typeof DatasetNote>;

export const PartName = z.enum(['train', 'selection', 'report']);
export type PartName = z.infer<typeof PartName>;

/** What the service found in a dataset. */
export const DatasetReport = z
  .object({
    format: DatasetFormat,
    rows: z.int(),
    rows_dropped: z.object({ duplicates: z.int(), without_target: z.int(), empty: z.int() }),
    parts: z.object({ train: z.int(), selection: z.int(), report: z.int() }),
    columns: z.array(ColumnSummary),
    classes: z.array(z.object({ name: z.string(), rows: z.int() })).nullable(),
    notes: z.array(DatasetNote),
  })
  .meta({ id: 'DatasetReport' });
export type DatasetReport = z.infer<typeof DatasetReport>;

/** A stored blob: where its bytes are and how many. */
export const BlobRef = z.object({ sha256: Sha256, bytes: z.int().min(0) });
export type BlobRef = z.infer<typeof BlobRef>;
