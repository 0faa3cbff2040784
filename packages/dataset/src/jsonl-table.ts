import { limits } from '@agon/contracts';
import type { ProblemList } from './problem-list.ts';
import { counted, quoted } from './say.ts';
import { checkColumnCount, checkRowCount, nameFault, type RowBatch, type TableReader } from './table-reader.ts';
import { TextFault, textPieces } from './text-pieces.ts';

/** What becomes of a list or an object inside a row: refused in tables, kept as JSON where it may be a conversation. */
export type NestedValues = 'refused' | 'json';

/**
 * Reads JSON Lines as a stream: one object per line, flat in tables. A column begins with the first object that has its
 * key; an object without it, or with null, misses the value.
 */
export function jsonlTable(
  bytes: AsyncIterable<Buffer>,
  problems: ProblemList,
  nested: NestedValues = 'refused',
): TableReader {
  return { format: 'jsonl', notes: [], batches: new JsonRows(problems, nested).batches(textPieces(bytes)) };
}

class JsonRows {
  readonly #problems: ProblemList;
  readonly #indexes = new Map<string, number>();
  #columns: readonly string[] = [];
  #rows: (readonly string[] | null)[] = [];
  #rowsSeen = 0;
  #line = 0;
  readonly #nested: NestedValues;

  constructor(problems: ProblemList, nested: NestedValues) {
    this.#problems = problems;
    this.#nested = nested;
  }

  async *batches(texts: AsyncIterable<string>): AsyncGenerator<RowBatch> {
    let rest: string[] = [];
    let restLength = 0;
    try {
      for await (const piece of texts) {
        const end = piece.lastIndexOf('\n');
        if (end >= 0) {
          this.#lines(rest.join('') + piece.slice(0, end));
          rest = [];
          restLength = 0;
        }
        rest.push(piece.slice(end + 1));
        restLength += piece.length - end - 1;
        if (restLength > limits.datasetRowCharactersMax) return this.#tooLong();
        yield* this.#take();
      }
      this.#lines(rest.join(''));
    } catch (error) {
      if (!(error instanceof TextFault)) throw error;
      this.#add(error.code, this.#rowsSeen + 1, error.message);
    }
    yield* this.#take();
  }

  #tooLong(): void {
    const most = counted(limits.datasetRowCharactersMax);
    this.#add('row_too_long', this.#rowsSeen + 1, `has more than ${most} characters: no line break was found`);
  }

  #lines(text: string): void {
    for (const line of text.split('\n')) {
      this.#line += 1;
      if (line.trim() === '') continue;
      this.#rowsSeen += 1;
      checkRowCount(this.#rowsSeen);
      this.#rows.push(this.#row(line));
    }
  }

  #row(line: string): readonly string[] | null {
    if (line.length > limits.datasetRowCharactersMax) {
      const most = counted(limits.datasetRowCharactersMax);
      return this.#bad('row_too_long', `has ${counted(line.length)} characters; the limit is ${most}`);
    }
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      return this.#bad('bad_json', `is not a JSON object on one line (${faultOf(error)})`);
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      return this.#bad('not_an_object', 'is JSON but not an object; write each row as {"column": value, …}');
    }
    return this.#cells(value as Record<string, unknown>);
  }

  #cells(object: Record<string, unknown>): readonly string[] | null {
    const cells = new Array<string>(this.#indexes.size).fill('');
    let good = true;
    for (const key of Object.keys(object)) {
      const fault = nameFault(key);
      if (fault) {
        this.#problems.add({ ...fault, row: this.#rowsSeen });
        return null;
      }
      const cell = this.#cell(key, object[key]);
      if (cell === null) good = false;
      else cells[this.#indexOf(key, cells)] = cell;
    }
    return good ? cells : null;
  }

  #cell(key: string, value: unknown): string | null {
    if (key.trim() === '') return this.#bad('column_without_name', 'has an empty key; give every value a name');
    if (value === null) return '';
    if (typeof value === 'object') {
      if (this.#nested === 'json') return this.#textCell(key, JSON.stringify(value));
      const message = 'holds a list or an object; write one plain value per column';
      return this.#bad('nested_value', `has ${quoted(key)}, which ${message}`, key);
    }
    return typeof value === 'string' ? this.#textCell(key, value) : String(value);
  }

  #textCell(key: string, value: string): string | null {
    if (value.length > limits.datasetCellCharactersMax) {
      const most = counted(limits.datasetCellCharactersMax);
      return this.#bad(
        'cell_too_long',
        `has a value of ${counted(value.length)} characters; the limit is ${most}`,
        key,
      );
    }
    if (value.includes('\0')) return this.#bad('nul_character', `has a NUL character in ${quoted(key)}`, key);
    return wellFormed(value);
  }

  /** The place of a key; a key that is new becomes a column. */
  #indexOf(key: string, cells: string[]): number {
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = this.#indexes.size;
    checkColumnCount(index + 1);
    this.#indexes.set(key, index);
    this.#columns = [...this.#indexes.keys()];
    cells.push('');
    return index;
  }

  #bad(code: string, message: string, column?: string): null {
    this.#add(code, this.#rowsSeen, message, column);
    return null;
  }

  #add(code: string, row: number, message: string, column?: string): void {
    const where = `Row ${counted(row)} (line ${counted(this.#line)})`;
    this.#problems.add({ code, row, ...(column === undefined ? {} : { column }), message: `${where} ${message}.` });
  }

  *#take(): Generator<RowBatch> {
    const rows = this.#rows;
    this.#rows = [];
    if (this.#columns.length === 0) return;
    yield { columns: this.#columns, firstRow: this.#rowsSeen - rows.length + 1, rows };
  }
}

/** What the parser says, without the text that it quotes. */
const faultOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  if (/Unexpected token 'N'/.test(message)) return 'NaN is not JSON; write null';
  return message.replace(/, ("|\.\.\.).*$/s, '').slice(0, 120);
};

/** JSON can spell half of a surrogate pair, which UTF-8 cannot: replaced by U+FFFD. */
const wellFormed = (text: string): string =>
  /\p{Surrogate}/u.test(text) ? Buffer.from(text, 'utf8').toString('utf8') : text;
