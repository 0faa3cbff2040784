import type { DatasetFormat, DatasetNote } from '@agon/contracts';
import { type DatasetRefusal, findColumns, TableTally } from '@agon/domain';
import type { DatasetSource } from './dataset-source.ts';
import type { DatasetWish } from './inspection.ts';
import type { NestedValues } from './jsonl-table.ts';
import { openTable } from './open-table.ts';
import type { ProblemList } from './problem-list.ts';
import type { RowBatch } from './table-reader.ts';

/** What one reading of a whole dataset tells; `refusal` where it was not worth reading on. */
export type FirstReading = {
  readonly format: DatasetFormat;
  readonly names: readonly string[] | null;
  readonly notes: readonly DatasetNote[];
  readonly tally: TableTally | null;
  readonly refusal: DatasetRefusal | null;
};

type Options = { problems: ProblemList; signal?: AbortSignal | undefined; nested?: NestedValues };

/**
 * Reads a dataset once and counts what is in its columns. JSON Lines whose later rows have keys of their own are read
 * once more, as every column must be counted from the first row.
 */
export async function readFirst(source: DatasetSource, wish: DatasetWish, options: Options): Promise<FirstReading> {
  const reading = await readOnce(source, wish, options);
  if (!reading.grown || !options.problems.empty) return reading;
  return readOnce(source, wish, reading.names === null ? options : { ...options, names: reading.names });
}

/** @param options.names the columns, where an earlier reading told them. */
async function readOnce(
  source: DatasetSource,
  wish: DatasetWish,
  options: Options & { names?: readonly string[] },
): Promise<FirstReading & { grown: boolean }> {
  const reader = await openTable(source, options);
  const { format, notes } = reader;
  const count = new Counting(wish, options.names);
  for await (const batch of reader.batches) {
    count.add(batch);
    if (format !== 'jsonl' && count.refusal !== null) break;
  }
  const { names, tally, refusal, grown } = count;
  return { format, notes, names, tally, refusal, grown };
}

/** Counts batches while their columns are those of the beginning; after that only gathers the columns. */
class Counting {
  readonly #wish: DatasetWish;
  names: readonly string[] | null;
  tally: TableTally | null = null;
  refusal: DatasetRefusal | null = null;
  grown = false;

  constructor(wish: DatasetWish, names: readonly string[] | undefined) {
    this.#wish = wish;
    this.names = names ?? null;
    if (names) this.#begin(names);
  }

  add(batch: RowBatch): void {
    const before = this.names?.length ?? 0;
    if (this.names === null) this.#begin(batch.columns);
    else if (batch.columns.length > before) {
      this.grown = true;
      this.names = batch.columns;
      this.tally = null;
    }
    if (this.tally !== null) addRows(this.tally, batch);
  }

  #begin(names: readonly string[]): void {
    this.names = names;
    const roles = findColumns({ names, target: this.#wish.target, ignoreColumns: this.#wish.ignoreColumns ?? [] });
    if (roles.ok) this.tally = new TableTally({ names, target: roles.target, ignored: roles.ignored });
    else this.refusal = roles;
  }
}

function addRows(tally: TableTally, batch: RowBatch): void {
  let row = batch.firstRow;
  for (const cells of batch.rows) {
    if (cells !== null) tally.add(cells, row);
    row += 1;
  }
}
