import { ColumnTally } from '@agon/domain';
import { RowHash } from '../row-hash.ts';
import { RowSet } from '../row-set.ts';
import { comparableJson } from './clean-text.ts';
import type { RowNote } from './normalise-turns.ts';
import type { KeptTextRow } from './read-row.ts';
import type { TextRowRead } from './text-rows.ts';

/** What is learnt of a text dataset, row by row; memory grows by 16 bytes a row. */
export class TextTally {
  rows = 0;
  empty = 0;
  withoutTarget = 0;
  kept = 0;
  readonly rowsByStratum: number[];
  /** Rows of text-classification whose text holds the name of their class. */
  labelInText = 0;
  turns = 0;
  characters = 0;
  answerCharacters = 0;
  longest = { row: 0, characters: 0 };
  readonly columns = new Map<string, ColumnTally>();
  readonly notes = new Map<RowNote, { rows: number; firstRow: number }>();
  readonly #different = new RowSet();
  /** Of text-classification: without their labels. */
  readonly #texts = new RowSet();
  readonly #hash = new RowHash();

  constructor(strata: number) {
    this.rowsByStratum = new Array<number>(strata).fill(0);
  }

  get duplicates(): number {
    return this.kept - this.#different.size;
  }

  get different(): number {
    return this.#different.size;
  }

  /** Rows of text-classification whose text is another row's too, with another label. */
  get textsOfTwoClasses(): number {
    return this.#texts.size === 0 ? 0 : this.#different.size - this.#texts.size;
  }

  /** Adds a row that is not faulty. */
  add(columns: readonly string[], { number, cells, read }: TextRowRead): void {
    this.#addCells(columns, { number, cells });
    this.rows += 1;
    if (read === 'empty') this.empty += 1;
    else if (read === 'without_target') this.withoutTarget += 1;
    else if (!(read instanceof Error)) this.#addKept(read, number);
  }

  #addCells(columns: readonly string[], { number, cells }: { number: number; cells: readonly string[] }): void {
    for (const [index, name] of columns.entries()) {
      let tally = this.columns.get(name);
      if (tally === undefined) {
        tally = new ColumnTally();
        tally.rows = this.rows;
        tally.missing = this.rows;
        this.columns.set(name, tally);
      }
      tally.add(cells[index] ?? '', number);
    }
  }

  #addKept(read: KeptTextRow, number: number): void {
    const { row, notes, stratum, characters } = read;
    this.kept += 1;
    this.characters += characters;
    if (characters > this.longest.characters) this.longest = { row: number, characters };
    for (const note of notes) {
      const count = this.notes.get(note) ?? { rows: 0, firstRow: number };
      this.notes.set(note, { ...count, rows: count.rows + 1 });
    }
    if ('messages' in row) {
      this.turns += row.messages.length;
      for (const { role, content, weight } of row.messages)
        if (role === 'assistant' && weight !== 0) this.answerCharacters += content.length;
    } else if ('prompt' in row) this.answerCharacters += (row.chosen.length + row.rejected.length) / 2;
    else this.#addClassRow(row);
    this.#hash.row([], comparableJson(row));
    if (this.#different.add(this.#hash.high, this.#hash.low))
      this.rowsByStratum[stratum] = (this.rowsByStratum[stratum] ?? 0) + 1;
  }

  #addClassRow({ text, label }: { text: string; label: string }): void {
    if (text.toLowerCase().includes(label.toLowerCase())) this.labelInText += 1;
    this.#hash.row([], comparableJson({ text }));
    this.#texts.add(this.#hash.high, this.#hash.low);
  }
}
