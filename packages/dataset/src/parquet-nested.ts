import { textOfValue } from '@agon/domain';
import { parquetReadObjects } from 'hyparquet';
import type { ParquetFile } from './parquet-file.ts';
import { compressors } from './parquet-page.ts';

/**
 * Reads a column of lists or records, one row group at a time, each value as JSON. The library reads it as it likes, so
 * this must run in a process whose memory and time are bounded.
 */
export class NestedColumn {
  readonly #file: ParquetFile;
  readonly #name: string;
  readonly #rows: { readonly start: number; readonly count: number };
  #values: readonly unknown[] = [];
  #next = 0;
  #read = false;

  constructor(file: ParquetFile, input: { name: string; firstRow: number; rows: number }) {
    this.#file = file;
    this.#name = input.name;
    this.#rows = { start: input.firstRow, count: input.rows };
  }

  /** Rows that can be taken without reading on. */
  get ready(): number {
    return this.#values.length - this.#next;
  }

  take(): unknown {
    const value = this.#values[this.#next];
    this.#next += 1;
    return value === null || value === undefined ? null : textOfValue(value);
  }

  /** Reads the row group. @throws Error where it is damaged. */
  async fill(): Promise<void> {
    if (this.#read) throw new Error('a column ends before its rows');
    this.#read = true;
    const { start, count } = this.#rows;
    const rows = await parquetReadObjects({
      file: this.#file.bytes,
      metadata: this.#file.metadata,
      columns: [this.#name],
      rowStart: start,
      rowEnd: start + count,
      compressors,
    });
    if (rows.length !== count) throw new Error('a column ends before its rows');
    this.#values = rows.map((row) => row[this.#name]);
  }
}
