import type { TableSchema } from '@agon/contracts';
import { bytePieces } from './byte-pieces.ts';
import { CsvScanner } from './csv-scanner.ts';
import { textPieces } from './text-pieces.ts';

/** A part in memory, column by column. */
export type TableColumns = {
  rows: number;
  /** In the order of `table.columns`: numbers with NaN for missing, or strings with `''` for missing. */
  columns: (Float64Array | string[])[];
  /** Class indices into `table.classes`, or numbers for regression. */
  target: Int32Array | Float64Array;
};

/**
 * Reads a part as `prepareDataset` wrote it. All of it is in memory: hidden parts have 2,000 rows at most.
 *
 * @throws Error where it is not a part of this table.
 */
export async function readPart(csv: AsyncIterable<Uint8Array>, table: TableSchema): Promise<TableColumns> {
  const columns: string[][] = table.columns.map(() => []);
  const target: string[] = [];
  for await (const cells of partRows(csv, table)) {
    for (let index = 0; index < columns.length; index += 1) columns[index]?.push(cells[index] ?? '');
    target.push(cells[columns.length] ?? '');
  }
  return {
    rows: target.length,
    columns: table.columns.map(({ kind }, index) =>
      kind === 'number' ? numbersOf(columns[index] ?? []) : (columns[index] ?? []),
    ),
    target: targetOf(target, table),
  };
}

/** Reads only the targets of a part, of any size: class indices or numbers. */
export async function readPartTarget(
  csv: AsyncIterable<Uint8Array>,
  table: TableSchema,
): Promise<Int32Array | Float64Array> {
  const indexes = indexesOf(table);
  let values = new Float64Array(1024);
  let rows = 0;
  for await (const cells of partRows(csv, table)) {
    if (rows === values.length) {
      const wider = new Float64Array(rows * 2);
      wider.set(values);
      values = wider;
    }
    values[rows] = targetValue(cells[table.columns.length] ?? '', indexes);
    rows += 1;
  }
  return indexes === null ? values.slice(0, rows) : Int32Array.from(values.subarray(0, rows));
}

async function* partRows(csv: AsyncIterable<Uint8Array>, table: TableSchema): AsyncGenerator<readonly string[]> {
  const header = [...table.columns.map(({ name }) => name), table.target];
  let found: string[][] = [];
  let headerSeen = false;
  const scanner = new CsvScanner(',', {
    onRecord: (cells) => void found.push(cells),
    onBadRecord: ({ message }) => {
      throw new Error(`The part is damaged: a row ${message}.`);
    },
  });
  const take = function* (): Generator<string[]> {
    const rows = found;
    found = [];
    for (const cells of rows) {
      const fits = cells.length === header.length && (headerSeen || cells.every((cell, at) => cell === header[at]));
      if (!fits) throw new Error('The part is not of this table.');
      if (headerSeen) yield cells;
      headerSeen = true;
    }
  };
  for await (const piece of textPieces(bytePieces(csv))) {
    scanner.push(piece);
    yield* take();
  }
  scanner.end();
  yield* take();
  if (!headerSeen) throw new Error('The part is empty.');
}

const numbersOf = (cells: readonly string[]): Float64Array =>
  Float64Array.from(cells, (cell) => (cell === '' ? Number.NaN : Number(cell)));

const indexesOf = (table: TableSchema): Map<string, number> | null =>
  table.classes && new Map(table.classes.map((name, index) => [name, index]));

function targetOf(cells: readonly string[], table: TableSchema): Int32Array | Float64Array {
  const indexes = indexesOf(table);
  const values = Float64Array.from(cells, (cell) => targetValue(cell, indexes));
  return indexes === null ? values : Int32Array.from(values);
}

function targetValue(cell: string, indexes: Map<string, number> | null): number {
  const value = indexes === null ? Number(cell) : indexes.get(cell);
  if (cell === '' || value === undefined || Number.isNaN(value))
    throw new Error('The part has a row without a target.');
  return value;
}
