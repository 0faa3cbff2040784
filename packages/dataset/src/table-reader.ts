import { AppError, type DatasetFormat, type DatasetNote, limits } from '@agon/contracts';
import { counted, quoted } from './say.ts';

/** Rows as they stand in the file, every cell as text, a missing one as the empty string. */
export type RowBatch = {
  /** The columns' names. JSON Lines may have more in a later batch; rows may be shorter than this, never longer. */
  readonly columns: readonly string[];
  /** The number of the first row, from 1; the header is not a row. */
  readonly firstRow: number;
  /** A row that cannot be read is null; why is among the problems. */
  readonly rows: readonly (readonly string[] | null)[];
};

/**
 * A table that can be read once, with flat memory. The first batch comes as soon as the columns are known. Faults are
 * added to a problem list; after one that leaves nothing to read, the batches end.
 */
export type TableReader = {
  readonly format: DatasetFormat;
  readonly batches: AsyncIterable<RowBatch>;
  /** What was noticed; complete when the batches have ended. */
  readonly notes: readonly DatasetNote[];
};

/** @throws AppError `dataset_too_large` for too many rows. */
export function checkRowCount(rows: number): void {
  if (rows <= limits.datasetRowsMax) return;
  throw new AppError(
    'dataset_too_large',
    `The dataset has more than ${counted(limits.datasetRowsMax)} rows, which is the limit.`,
  );
}

/** @throws AppError `dataset_too_large` for too many columns. */
export function checkColumnCount(columns: number): void {
  if (columns <= limits.datasetColumnsMax) return;
  throw new AppError(
    'dataset_too_large',
    `The dataset has ${counted(columns)} columns; the limit is ${counted(limits.datasetColumnsMax)}.`,
  );
}

/** Names stand in reports, receipts and models; survey questions fit, paragraphs do not. */
const columnNameCharactersMax = 500;

/** What is wrong with a column's name, or null. */
export const nameFault = (name: string): { code: string; message: string } | null =>
  name.length <= columnNameCharactersMax
    ? null
    : {
        code: 'column_name_too_long',
        message: `The column name ${quoted(name)} has ${counted(name.length)} characters; the limit is ${columnNameCharactersMax}.`,
      };
