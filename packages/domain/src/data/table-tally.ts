import { ColumnTally } from './column-tally.ts';
import { TargetTally } from './target-tally.ts';

/** A row without anything in it. */
export const isEmptyRow = (cells: readonly string[]): boolean => cells.every((cell) => cell.trim() === '');

/** What is learnt of a table, row by row, in memory that does not grow with the rows. */
export class TableTally {
  readonly names: readonly string[];
  readonly targetIndex: number;
  readonly ignored: ReadonlySet<number>;
  readonly target = new TargetTally();
  /** One per column of the file; that of the target is the target's own. */
  readonly columns: readonly ColumnTally[];
  rows = 0;
  emptyRows = 0;

  /**
   * @param input.names from `readHeader`.
   * @param input.target and `ignored` from `findColumns`.
   */
  constructor(input: { names: readonly string[]; target: number; ignored: ReadonlySet<number> }) {
    this.names = input.names;
    this.targetIndex = input.target;
    this.ignored = input.ignored;
    this.columns = input.names.map((_, index) => (index === input.target ? this.target.column : new ColumnTally()));
  }

  /**
   * @param cells as many as there are names.
   * @param row for messages: 1 is the first row after the header.
   */
  add(cells: readonly string[], row: number): void {
    this.rows += 1;
    if (isEmptyRow(cells)) {
      this.emptyRows += 1;
      return;
    }
    for (let index = 0; index < this.columns.length; index += 1) {
      const text = cells[index] ?? '';
      if (index === this.targetIndex) this.target.add(text, row);
      else this.columns[index]?.add(text, row);
    }
  }
}
