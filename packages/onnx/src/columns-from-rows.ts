import { AppError, type FeatureColumn, type Predict, type TableSchema } from '@agon/contracts';

type Row = Predict['rows'][number];
type Cell = Row[string] | undefined;

const decimalNumber = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Turns rows of the predict route into columns in the order of `table.columns`. A missing or null value is a missing
 * value; names that the table does not have are ignored, the target may be among them.
 *
 * @throws AppError `prediction_failed` where a cell does not fit its column.
 */
export function columnsFromRows(table: TableSchema, rows: readonly Row[]): (Float32Array | string[])[] {
  return table.columns.map((column) =>
    column.kind === 'number' ? numbersOf(column, rows) : rows.map((row) => textOf(row[column.name])),
  );
}

function numbersOf(column: FeatureColumn, rows: readonly Row[]): Float32Array {
  return Float32Array.from(rows, (row, index) => {
    const value = numberOf(row[column.name]);
    if (value !== undefined) return value;
    throw new AppError(
      'prediction_failed',
      `Row ${index + 1} has ${JSON.stringify(row[column.name])} in the column ${JSON.stringify(column.name)}, which holds numbers.`,
      { param: `rows[${index}]` },
    );
  });
}

function numberOf(cell: Cell): number | undefined {
  if (cell === undefined || cell === null) return Number.NaN;
  if (typeof cell === 'number') return cell;
  if (typeof cell === 'boolean') return cell ? 1 : 0;
  const text = cell.trim();
  if (text === '') return Number.NaN;
  return decimalNumber.test(text) ? Number(text) : undefined;
}

const textOf = (cell: Cell): string => (cell === undefined || cell === null ? '' : String(cell));
