import { limits } from '@agon/contracts';
import { classOfCell } from './cell.ts';
import { ColumnTally } from './column-tally.ts';
import { ownCopy } from './own-copy.ts';

type Count = { rows: number; firstRow: number };

const labelCharactersMax = 1_000;

/** What is learnt of the target: as of any column, and the rows of every different value while they may be classes. */
export class TargetTally {
  readonly column = new ColumnTally({ oddCellsMax: limits.datasetProblemsMax });
  /** Rows per trimmed text; null once there are too many, or too long ones, to be classes. */
  #byText: Map<string, Count> | null = new Map();

  add(text: string, row: number): void {
    this.column.add(text, row);
    if (!this.#byText) return;
    const trimmed = text.trim();
    if (classOfCell(trimmed) === 'missing') return;
    const count = this.#byText.get(trimmed);
    if (count) count.rows += 1;
    else if (this.#byText.size > limits.classesMax * 2 || trimmed.length > labelCharactersMax) this.#byText = null;
    else this.#byText.set(ownCopy(trimmed), { rows: 1, firstRow: row });
  }

  /**
   * Rows per class label, or null where there are too many to be classes.
   *
   * @param kind `number` spells numbers in one way (`1.0` is `1`) and leaves everything else out.
   */
  counts(kind: 'number' | 'category'): Map<string, Count> | null {
    if (!this.#byText || kind === 'category') return this.#byText;
    const merged = new Map<string, Count>();
    for (const [text, count] of this.#byText) {
      if (classOfCell(text) !== 'number') continue;
      const label = String(Number(text) + 0);
      const before = merged.get(label);
      merged.set(label, {
        rows: count.rows + (before?.rows ?? 0),
        firstRow: Math.min(count.firstRow, before?.firstRow ?? count.firstRow),
      });
    }
    return merged;
  }
}
