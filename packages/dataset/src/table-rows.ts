import { hiddenRowsMax } from '@agon/domain';
import { csvRecord } from './canonical-csv.ts';
import type { DatasetSource } from './dataset-source.ts';
import type { TableInspection } from './inspection.ts';
import type { RowKind } from './row-kind.ts';
import { type KeptRow, keptRows } from './second-reading.ts';

/** The rows of an inspected table; see docs/trainer-contract.md for the CSV of their parts. */
export const tableRows = (source: DatasetSource, inspection: TableInspection): RowKind<KeptRow> => ({
  rows: (options) => keptRows(source, inspection.plan.layout, options),
  keyJson: (row) => JSON.stringify([...row.cells, row.target]),
  record: (row) => csvRecord([...row.cells, row.target]),
  partHead: csvRecord([...inspection.table.columns.map(({ name }) => name), inspection.table.target]),
  strata: inspection.plan.rowsByStratum.length,
  hiddenRowsMax: hiddenRowsMax(inspection.task),
});
