import { limits } from '@agon/contracts';

const quoteCode = 34;
const lineFeedCode = 10;
const returnCode = 13;
const spaceCode = 32;

/** What a scanner finds. `line` is the line of the file on which the record begins, from 1. */
export type CsvListener = {
  onRecord(cells: string[], line: number): void;
  /** A record that cannot be read; the scan goes on behind it. */
  onBadRecord(fault: { code: 'bad_quotes' | 'cell_too_long'; cell: number; message: string }, line: number): void;
};

/** A record longer than the limit: the scan cannot go on. */
export class RecordTooLong extends Error {
  readonly quoted: boolean;
  readonly line: number;

  constructor(input: { quoted: boolean; line: number }) {
    super('record too long');
    this.quoted = input.quoted;
    this.line = input.line;
  }
}

/**
 * Reads CSV as RFC 4180 has it, piece by piece: quotes doubled inside quotes, line breaks inside quotes, records that
 * end with LF, CRLF or CR. As spreadsheets do, it takes spaces around quoted cells for nothing and a quote inside an
 * unquoted cell for itself. Blank lines are no records. Holds one unfinished record at most.
 */
export class CsvScanner {
  readonly #delimiterCode: number;
  readonly #listener: CsvListener;
  /** Text from the beginning of the unfinished record. */
  #text = '';
  /** Pieces that came since; they are joined only when they are long enough to be worth another look. */
  #waiting: string[] = [];
  #waitingLength = 0;
  /** The place in the text, and what is known of the record that is being read. */
  #at = 0;
  #line = 1;
  #linesInRecord = 0;
  #fault: { code: 'bad_quotes' | 'cell_too_long'; cell: number; message: string } | null = null;
  #quotesOpen = false;

  constructor(delimiter: string, listener: CsvListener) {
    this.#delimiterCode = delimiter.charCodeAt(0);
    this.#listener = listener;
  }

  /** The line on which the next record begins. */
  get line(): number {
    return this.#line;
  }

  /** @throws RecordTooLong */
  push(piece: string): void {
    this.#waiting.push(piece);
    this.#waitingLength += piece.length;
    if (this.#waitingLength < this.#text.length) return;
    this.#scan(false);
  }

  /** Reads what is left. @throws RecordTooLong */
  end(): void {
    this.#scan(true);
  }

  #scan(final: boolean): void {
    this.#text += this.#waiting.join('');
    this.#waiting = [];
    this.#waitingLength = 0;
    let start = 0;
    while (start < this.#text.length) {
      const cells = this.#record(start, final);
      if (cells === null) break;
      this.#report(cells, this.#at - start);
      start = this.#at;
    }
    this.#text = this.#text.slice(start);
    if (this.#text.length > limits.datasetRowCharactersMax) this.#tooLong();
  }

  #report(cells: string[], length: number): void {
    const line = this.#line;
    this.#line += 1 + this.#linesInRecord;
    if (length > limits.datasetRowCharactersMax) this.#tooLong(line);
    if (this.#fault !== null) this.#listener.onBadRecord(this.#fault, line);
    else if (cells.length > 1 || !this.#isBlank(length)) this.#listener.onRecord(cells, line);
  }

  /** Whether the record that was just read is a blank line: nothing but white space, no quotes either. */
  #isBlank(length: number): boolean {
    return this.#text.slice(this.#at - length, this.#at).trim() === '';
  }

  #tooLong(line = this.#line): never {
    throw new RecordTooLong({ quoted: this.#quotesOpen, line });
  }

  /** The cells of the record that begins at `start`, or null where its end is still to come. */
  #record(start: number, final: boolean): string[] | null {
    const text = this.#text;
    const delimiterCode = this.#delimiterCode;
    const cells: string[] = [];
    this.#at = start;
    this.#linesInRecord = 0;
    this.#fault = null;
    this.#quotesOpen = false;
    let cell = this.#cell(0, final);
    while (cell !== null) {
      cells.push(cell);
      if (text.charCodeAt(this.#at) !== delimiterCode) return this.#endRecord(final) ? cells : null;
      this.#at += 1;
      cell = this.#cell(cells.length, final);
    }
    return null;
  }

  /** Moves behind the line break at the place; false where it is still to come. */
  #endRecord(final: boolean): boolean {
    const code = this.#text.charCodeAt(this.#at);
    if (code === lineFeedCode) this.#at += 1;
    else if (code === returnCode) {
      if (this.#at + 1 >= this.#text.length && !final) return false;
      this.#at += this.#text.charCodeAt(this.#at + 1) === lineFeedCode ? 2 : 1;
    } else return final;
    return true;
  }

  /** The cell at the place, which moves to the delimiter or line break behind it. Null where its end is to come. */
  #cell(index: number, final: boolean): string | null {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    let code = text.charCodeAt(at);
    if (code === spaceCode || code === quoteCode) {
      while (text.charCodeAt(at) === spaceCode) at += 1;
      if (text.charCodeAt(at) === quoteCode) return this.#quotedCell(at + 1, index, final);
    }
    const delimiterCode = this.#delimiterCode;
    for (at = start; at < text.length; at += 1) {
      code = text.charCodeAt(at);
      if (code === delimiterCode || code === lineFeedCode || code === returnCode) break;
    }
    this.#at = at;
    if (at - start > limits.datasetCellCharactersMax) this.#cellTooLong(index, at - start);
    return text.slice(start, at);
  }

  #quotedCell(start: number, index: number, final: boolean): string | null {
    const text = this.#text;
    let at = text.indexOf('"', start);
    let doubled = false;
    while (at !== -1 && text.charCodeAt(at + 1) === quoteCode) {
      doubled = true;
      at = text.indexOf('"', at + 2);
    }
    if (at === -1) return this.#unclosed(index, final);
    if (at + 1 >= text.length && !final) return null;
    const value = doubled ? text.slice(start, at).replaceAll('""', '"') : text.slice(start, at);
    this.#linesInRecord += lineBreaks(value);
    if (value.length > limits.datasetCellCharactersMax) this.#cellTooLong(index, value.length);
    at += 1;
    while (text.charCodeAt(at) === spaceCode) at += 1;
    this.#at = at;
    return this.#endsCell(at) ? value : this.#afterQuote(value, index);
  }

  #endsCell(at: number): boolean {
    if (at >= this.#text.length) return true;
    const code = this.#text.charCodeAt(at);
    return code === this.#delimiterCode || code === lineFeedCode || code === returnCode;
  }

  /** Text behind a closing quote: the record is bad; goes on behind the text. */
  #afterQuote(value: string, index: number): string {
    const from = this.#at;
    while (!this.#endsCell(this.#at)) this.#at += 1;
    const rest = this.#text.slice(from, Math.min(this.#at, from + 20));
    this.#fault ??= {
      code: 'bad_quotes',
      cell: index,
      message: `has “${rest}” behind a closing quote; write quotes inside a quoted cell twice ("")`,
    };
    return value;
  }

  #unclosed(index: number, final: boolean): string | null {
    this.#quotesOpen = true;
    if (!final) return null;
    this.#fault ??= { code: 'bad_quotes', cell: index, message: 'has a quote that is never closed' };
    this.#at = this.#text.length;
    return '';
  }

  #cellTooLong(index: number, length: number): void {
    const most = limits.datasetCellCharactersMax.toLocaleString('en');
    this.#fault ??= {
      code: 'cell_too_long',
      cell: index,
      message: `has a cell of ${length.toLocaleString('en')} characters; the limit is ${most}`,
    };
  }
}

const lineBreaks = (text: string): number => {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
};
