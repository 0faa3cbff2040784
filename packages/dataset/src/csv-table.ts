import { AppError, type DatasetNote, limits } from '@agon/contracts';
import { readHeader } from '@agon/domain';
import { CsvScanner, RecordTooLong } from './csv-scanner.ts';
import { detectDelimiter } from './detect-delimiter.ts';
import { headBytes } from './detect-format.ts';
import type { ProblemList } from './problem-list.ts';
import { counted, pluralOf } from './say.ts';
import { checkRowCount, nameFault, type RowBatch, type TableReader } from './table-reader.ts';
import { TextFault, textPieces } from './text-pieces.ts';

/** Reads CSV with a header as a stream. */
export function csvTable(bytes: AsyncIterable<Buffer>, problems: ProblemList): TableReader {
  const notes: DatasetNote[] = [];
  const reader = new CsvRows(problems, notes);
  return { format: 'csv', notes, batches: reader.batches(textPieces(bytes)) };
}

class CsvRows {
  readonly #problems: ProblemList;
  readonly #notes: DatasetNote[];
  #scanner: CsvScanner | null = null;
  #columns: readonly string[] | null = null;
  #rowsSeen = 0;
  #rows: (readonly string[] | null)[] = [];
  #headerIsBad = false;

  constructor(problems: ProblemList, notes: DatasetNote[]) {
    this.#problems = problems;
    this.#notes = notes;
  }

  async *batches(texts: AsyncIterable<string>): AsyncGenerator<RowBatch> {
    let head = '';
    try {
      for await (const piece of texts) {
        if (this.#scanner === null) {
          head += piece;
          if (head.length < headBytes) continue;
          this.#begin(head).push(withoutSeparatorLine(head));
        } else this.#scanner.push(piece);
        if (this.#headerIsBad) return;
        yield* this.#take();
      }
      const scanner = this.#scanner ?? this.#begin(head);
      if (head.length < headBytes) scanner.push(withoutSeparatorLine(head));
      scanner.end();
    } catch (error) {
      if (!this.#explain(error, head)) throw error;
    }
    if (!this.#headerIsBad) yield* this.#take();
  }

  #begin(head: string): CsvScanner {
    const delimiter = separatorLine(head) ?? detectDelimiter(head);
    this.#scanner = new CsvScanner(delimiter, {
      onRecord: (cells, line) => this.#record(cells, line),
      onBadRecord: (fault, line) => {
        const row = this.#columns === null ? 0 : this.#nextRow(null);
        const column = this.#columns?.[fault.cell];
        this.#problems.add({
          code: fault.code,
          ...(row > 0 ? { row } : {}),
          ...(column === undefined ? {} : { column }),
          message: `${rowAt(row, line)} ${fault.message}.`,
        });
        if (row === 0) this.#headerIsBad = true;
      },
    });
    return this.#scanner;
  }

  #record(cells: string[], line: number): void {
    if (this.#columns === null) {
      if (this.#headerIsBad) return;
      this.#header(cells);
    } else if (cells.length === this.#columns.length) this.#nextRow(cells);
    else {
      const row = this.#nextRow(null);
      const found = `${cells.length} ${pluralOf(cells.length, 'cell')}`;
      this.#problems.add({
        code: 'ragged_row',
        row,
        message: `${rowAt(row, line)} has ${found}, the header has ${this.#columns.length}.`,
      });
    }
  }

  #header(cells: string[]): void {
    const fault = cells.map(nameFault).find((found) => found !== null);
    if (fault) {
      this.#headerIsBad = true;
      this.#problems.add(fault);
      return;
    }
    const header = readHeader(cells);
    if (header.ok) {
      this.#notes.push(...header.notes.slice(0, limits.datasetNotesMax));
      this.#columns = header.names;
      return;
    }
    if (header.problems.length === 0) throw new AppError(header.error.code, header.error.message);
    this.#headerIsBad = true;
    for (const problem of header.problems) this.#problems.addWhole(problem);
  }

  #nextRow(cells: string[] | null): number {
    this.#rowsSeen += 1;
    checkRowCount(this.#rowsSeen);
    this.#rows.push(cells);
    return this.#rowsSeen;
  }

  *#take(): Generator<RowBatch> {
    if (this.#columns === null) return;
    const rows = this.#rows;
    this.#rows = [];
    yield { columns: this.#columns, firstRow: this.#rowsSeen - rows.length + 1, rows };
  }

  /** Adds the problem that an error of the text below tells; false for any other error. */
  #explain(error: unknown, head: string): boolean {
    if (error instanceof TextFault) {
      if (this.#scanner === null) this.#begin(head).push(withoutSeparatorLine(head));
      this.#addAtRow(error.code, error.message, this.#scanner?.line);
      return true;
    }
    if (!(error instanceof RecordTooLong)) return false;
    const why = error.quoted ? 'a quote in it is opened and never closed' : 'no line break was found';
    this.#addAtRow(
      'row_too_long',
      `has more than ${counted(limits.datasetRowCharactersMax)} characters: ${why}`,
      error.line,
    );
    return true;
  }

  /** A problem of the record that follows the rows seen, which may be the header. */
  #addAtRow(code: string, message: string, line?: number): void {
    const row = this.#columns === null ? 0 : this.#rowsSeen + 1;
    this.#problems.add({ code, ...(row > 0 ? { row } : {}), message: `${rowAt(row, line)} ${message}.` });
  }
}

/** Excel writes the delimiter on a line of its own before the header: `sep=;`. */
const separatorLine = (head: string): string | null => /^sep=([,;\t|])\r?\n/i.exec(head)?.[1] ?? null;

const withoutSeparatorLine = (head: string): string => head.replace(/^sep=[,;\t|]\r?\n/i, '');

const rowAt = (row: number, line?: number): string => {
  const where = line === undefined ? '' : ` (line ${counted(line)})`;
  return row === 0 ? 'The header' : `Row ${counted(row)}${where}`;
};
