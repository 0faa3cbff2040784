import type { DatasetSource } from './dataset-source.ts';
import type { Inspection } from './inspection.ts';
import type { RowKind } from './row-kind.ts';
import { tableRows } from './table-rows.ts';
import { textRows } from './text/text-rows.ts';

/** The rows of an inspected dataset, whatever its task. */
export const rowsOf = (source: DatasetSource, inspection: Inspection): RowKind =>
  inspection.data === 'table' ? tableRows(source, inspection) : textRows(source, inspection);
