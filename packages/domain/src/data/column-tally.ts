import { limits } from '@agon/contracts';
import { classOfCell } from './cell.ts';
import { DistinctCounter, hashOfNumber, hashOfString } from './distinct-counter.ts';
import { ownCopy } from './own-copy.ts';

export type OddCell = { readonly row: number; readonly text: string };

const examplesMax = 5;
const exampleCharactersMax = 80;

/** What is learnt of a column, row by row, in bounded memory (about 10 KiB). */
export class ColumnTally {
  rows = 0;
  missing = 0;
  markers = 0;
  numbers = 0;
  codes = 0;
  strings = 0;
  /** Sum of the lengths of cells that are not missing. */
  characters = 0;
  wholeNumbersOnly = true;
  minimum = Number.POSITIVE_INFINITY;
  maximum = Number.NEGATIVE_INFINITY;
  /** The first few cells that are neither numbers nor missing, with their rows. */
  readonly oddCells: OddCell[] = [];
  readonly examples: string[] = [];
  readonly #distinct = new DistinctCounter();
  readonly #markerDistinct = new DistinctCounter();
  readonly #oddCellsMax: number;

  constructor(options: { oddCellsMax?: number } = {}) {
    this.#oddCellsMax = Math.min(options.oddCellsMax ?? 5, limits.datasetProblemsMax);
  }

  /** @param row for messages: 1 is the first row after the header. */
  add(text: string, row: number): void {
    this.rows += 1;
    const trimmed = text.trim();
    const cellClass = classOfCell(trimmed);
    if (cellClass === 'missing') {
      this.missing += 1;
      return;
    }
    this.#example(trimmed);
    this.characters += trimmed.length;
    if (cellClass === 'marker') {
      this.markers += 1;
      this.#markerDistinct.add(hashOfString(trimmed));
    } else if (cellClass === 'number') this.#number(Number(trimmed));
    else this.#string(trimmed, row, cellClass);
  }

  /** Distinct values, markers left out. */
  get distinct(): number {
    return this.#distinct.count;
  }

  get distinctMarkers(): number {
    return this.#markerDistinct.count;
  }

  get distinctCapped(): boolean {
    return this.#distinct.capped;
  }

  #number(value: number): void {
    this.numbers += 1;
    this.wholeNumbersOnly &&= Number.isInteger(value);
    this.minimum = Math.min(this.minimum, value);
    this.maximum = Math.max(this.maximum, value);
    this.#distinct.add(hashOfNumber(value));
  }

  #string(trimmed: string, row: number, cellClass: 'code' | 'string'): void {
    if (cellClass === 'code') this.codes += 1;
    else this.strings += 1;
    this.#distinct.add(hashOfString(trimmed));
    if (this.oddCells.length < this.#oddCellsMax)
      this.oddCells.push({ row, text: ownCopy(trimmed.slice(0, exampleCharactersMax)) });
  }

  #example(trimmed: string): void {
    if (this.examples.length === examplesMax) return;
    const cut = trimmed.slice(0, exampleCharactersMax);
    if (!this.examples.includes(cut)) this.examples.push(ownCopy(cut));
  }
}
