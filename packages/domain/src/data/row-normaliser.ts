import { normaliseCell } from './cell.ts';
import { isEmptyRow } from './table-tally.ts';

/** How rows of a file become rows of a table; plain JSON. `index` counts the columns of the file from 0. */
export type TableLayout = {
  columns: { index: number; kind: 'number' | 'category' | 'text' }[];
  /** `classes` in the order of `table.classes`; null for regression. */
  target: { index: number; kind: 'number' | 'category'; classes: string[] | null };
};

export type NormalisedRow =
  | {
      status: 'kept';
      /** One per column of `table.columns`, in that order; `''` is missing. */
      cells: string[];
      target: string;
      /** The class index; 0 for regression. */
      stratum: number;
    }
  | { status: 'empty' | 'without_target' };

/**
 * Makes the function that normalises rows. The key of a kept row is `rowKey(secret, [...cells, target])`. A row whose
 * class was too rare to keep counts as `without_target`.
 */
export function rowNormaliser(layout: TableLayout): (row: readonly string[]) => NormalisedRow {
  const { columns, target } = layout;
  const strata = target.classes && new Map(target.classes.map((name, index) => [name, index]));
  return (row) => {
    if (isEmptyRow(row)) return { status: 'empty' };
    const label = normaliseCell(row[target.index] ?? '', target.kind);
    const stratum = strata ? strata.get(label) : 0;
    if (label === '' || stratum === undefined) return { status: 'without_target' };
    const cells = columns.map(({ index, kind }) => normaliseCell(row[index] ?? '', kind));
    return { status: 'kept', cells, target: label, stratum };
  };
}

/** Normalises one row; see `rowNormaliser`. */
export const normaliseRow = (layout: TableLayout, row: readonly string[]): NormalisedRow => rowNormaliser(layout)(row);
