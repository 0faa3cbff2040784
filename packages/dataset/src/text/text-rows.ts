import { hiddenRowsMax, isEmptyRow } from '@agon/domain';
import type { DatasetSource } from '../dataset-source.ts';
import type { TextInspection } from '../inspection.ts';
import { openTable } from '../open-table.ts';
import { ProblemList } from '../problem-list.ts';
import type { RowKind } from '../row-kind.ts';
import type { RowBatch, TableReader } from '../table-reader.ts';
import { comparableJson } from './clean-text.ts';
import { type KeptTextRow, rowReader } from './read-row.ts';
import { RowFault } from './row-fault.ts';
import type { TextLayout } from './text-layout.ts';

/** A row of the file and what was made of it. */
export type TextRowRead = {
  /** From 1. */
  readonly number: number;
  readonly cells: readonly string[];
  readonly read: KeptTextRow | 'without_target' | 'empty' | RowFault;
};

/** Reads the rows of a layout, batch by batch. Rows that are not rows of the format are left out. */
export async function* readTextRows(
  reader: TableReader,
  layout: TextLayout,
): AsyncGenerator<{ columns: readonly string[]; rows: readonly TextRowRead[] }> {
  const read = rowReader(layout);
  for await (const batch of reader.batches) {
    yield { columns: batch.columns, rows: [...rowsOfBatch(batch, read)] };
  }
}

function* rowsOfBatch(batch: RowBatch, read: ReturnType<typeof rowReader>): Generator<TextRowRead> {
  const indexes = new Map(batch.columns.map((name, index) => [name, index]));
  let number = batch.firstRow - 1;
  for (const cells of batch.rows) {
    number += 1;
    if (cells === null) continue;
    const cell = (column: string | null) => (column === null ? '' : (cells[indexes.get(column) ?? -1] ?? ''));
    yield { number, cells, read: isEmptyRow(cells) ? 'empty' : orFault(() => read(cell)) };
  }
}

function orFault<T>(read: () => T): T | RowFault {
  try {
    return read();
  } catch (error) {
    if (error instanceof RowFault) return error;
    throw error;
  }
}

/** The rows of an inspected text dataset; see docs/trainer-contract.md for the JSON Lines of their parts. */
export const textRows = (source: DatasetSource, inspection: TextInspection): RowKind<KeptTextRow> => ({
  rows: (options) => keptTextRows(source, inspection.plan.layout, options),
  keyJson: ({ row }) => comparableJson(row),
  record: ({ row }) => `${JSON.stringify(row)}\n`,
  partHead: '',
  strata: inspection.plan.rowsByStratum.length,
  hiddenRowsMax: hiddenRowsMax(inspection.task),
});

async function* keptTextRows(
  source: DatasetSource,
  layout: TextLayout,
  options: { signal?: AbortSignal | undefined },
): AsyncGenerator<readonly KeptTextRow[]> {
  const reader = await openTable(source, { problems: new ProblemList(), nested: 'json', signal: options.signal });
  for await (const { rows } of readTextRows(reader, layout)) {
    yield rows.flatMap(({ read }) => (typeof read === 'string' || read instanceof RowFault ? [] : [read]));
  }
}
