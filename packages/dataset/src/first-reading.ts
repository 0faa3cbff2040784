import type { DatasetFormat, DatasetNote } from '@agon/contracts';
import { type ColumnRoles, type DatasetRefusal, findColumns, TableTally } from '@agon/domain';
import type { DatasetSource } from './dataset-source.ts';
import type { DatasetWish } from './inspection.ts';
import { openTable } from './open-table.ts';
import type { ProblemList } from './problem-list.ts';
import type { RowBatch } from './table-reader.ts';

/** What one reading of a whole dataset tells; `refusal` where it was not worth reading on. */
export type FirstReading = {
  readonly format: DatasetFormat;
  readonly names: readonly string[];
  readonly notes: readonly DatasetNote[];
  readonly tally: TableTally | null;
  readonly refusal: DatasetRefusal | null;
};

type Options = { problems: ProblemList; signal?: AbortSignal | undefined };

/**
 * Reads a dataset once and counts what is in its columns. JSON Lines whose later rows have keys of their own are read
 * once more, as every column must be counted from the first row.
 */
export async function readFirst(source: DatasetSource, wish: DatasetWish, options: Options): Promise<FirstReading> {
  const reading = await readOnce(source, wish, options);
  if (reading.tally !== null || reading.refusal !== null || !options.problems.empty) return reading;
  return readOnce(source, wish, { ...options, names: reading.names });
}

async function readOnce(
  source: DatasetSource,
  wish: DatasetWish,
  options: Options & { names?: readonly string[] },
): Promise<FirstReading> {
  const reader = await openTable(source, options);
  const fixed = reader.format !== 'jsonl';
  let names = options.names ?? [];
  let tally: TableTally | null = null;
  const reading = { format: reader.format, notes: reader.notes };
  for await (const batch of reader.batches) {
    if (tally === null && names.length === 0) {
      const roles = rolesOf(batch.columns, wish);
      if (!roles.ok && fixed) return { ...reading, names: batch.columns, tally: null, refusal: roles };
      tally = tallyOf(batch.columns, roles);
    } else if (options.names && tally === null) tally = tallyOf(names, rolesOf(names, wish));
    else if (batch.columns.length > names.length) tally = null;
    names = batch.columns.length > names.length ? batch.columns : names;
    if (tally !== null) addRows(tally, batch);
  }
  const roles = rolesOf(names, wish);
  if (!roles.ok && options.problems.empty) return { ...reading, names, tally: null, refusal: roles };
  return { ...reading, names, tally, refusal: null };
}

const rolesOf = (names: readonly string[], wish: DatasetWish): ColumnRoles | DatasetRefusal =>
  findColumns({ names, target: wish.target, ignoreColumns: wish.ignoreColumns ?? [] });

const tallyOf = (names: readonly string[], roles: ColumnRoles | DatasetRefusal): TableTally | null =>
  roles.ok ? new TableTally({ names, target: roles.target, ignored: roles.ignored }) : null;

function addRows(tally: TableTally, batch: RowBatch): void {
  let row = batch.firstRow;
  for (const cells of batch.rows) {
    if (cells !== null) tally.add(cells, row);
    row += 1;
  }
}
