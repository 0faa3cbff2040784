import type { AsyncBuffer, ColumnChunk, SchemaTree } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import type { ColumnDecoder, DecodedArray, PageHeader, ParquetParsers } from 'hyparquet/src/types.js';
import {
  checkPageHeader,
  codecsKnown,
  PageFault,
  readDictionary,
  readValues,
  UnsupportedFault,
} from './parquet-page.ts';

/** Headers are a few dozen bytes, unless they quote long values as statistics. */
const headerBytes = 4 * 1024;
const headerBytesMax = 4 * 1024 * 1024;

/** Reads one column of one row group page by page, so that memory holds a page, not the column. */
export class ParquetColumn {
  readonly #file: AsyncBuffer;
  readonly #decoder: ColumnDecoder;
  readonly #end: number;
  #at: number;
  #rowsLeft: number;
  #dictionary: DecodedArray | undefined;
  #values: ArrayLike<unknown> = [];
  #next = 0;

  /** @throws PageFault where the chunk cannot be read at all. */
  constructor(file: AsyncBuffer, input: { path: SchemaTree[]; chunk: ColumnChunk; rows: number }) {
    const meta = input.chunk.meta_data;
    const leaf = input.path.at(-1);
    if (!meta || !leaf || input.chunk.crypto_metadata || input.chunk.encrypted_column_metadata) {
      throw new UnsupportedFault('is encrypted; write it without encryption');
    }
    if (input.chunk.file_path) throw new UnsupportedFault('is in another file; write one file');
    if (!codecsKnown.has(meta.codec)) {
      throw new UnsupportedFault(
        `is compressed with ${meta.codec}; write it with snappy, gzip, brotli or no compression`,
      );
    }
    this.#file = file;
    this.#at = Number(meta.dictionary_page_offset || meta.data_page_offset);
    this.#end = Math.min(file.byteLength, this.#at + Number(meta.total_compressed_size));
    this.#rowsLeft = input.rows;
    this.#decoder = {
      ...meta,
      pathInSchema: meta.path_in_schema,
      element: leaf.element,
      schemaPath: input.path,
      parsers,
    };
  }

  /** Rows that can be taken without reading on. */
  get ready(): number {
    return this.#values.length - this.#next;
  }

  take(): unknown {
    const value = this.#values[this.#next];
    this.#next += 1;
    return value;
  }

  /** Reads on until rows are ready. @throws PageFault, or an error of the reader, where the file is damaged. */
  async fill(): Promise<void> {
    while (this.ready === 0) {
      if (this.#at >= this.#end) throw new PageFault('a column ends before its rows');
      const { header, start } = await this.#header();
      checkPageHeader(header, header.type === 'DICTIONARY_PAGE' ? this.#end - this.#at : this.#rowsLeft);
      this.#at = start + header.compressed_page_size;
      if (this.#at > this.#end) throw new PageFault('a page ends behind its column');
      if (header.type === 'INDEX_PAGE') continue;
      const bytes = new Uint8Array(await this.#file.slice(start, this.#at));
      this.#page(bytes, header);
    }
  }

  #page(bytes: Uint8Array, header: PageHeader): void {
    if (header.type === 'DICTIONARY_PAGE') {
      this.#dictionary = readDictionary(bytes, header, this.#decoder);
      return;
    }
    this.#values = readValues(bytes, header, this.#decoder, this.#dictionary);
    this.#next = 0;
    this.#rowsLeft -= this.#values.length;
  }

  async #header(): Promise<{ header: PageHeader; start: number }> {
    for (let bytes = headerBytes; ; bytes *= 8) {
      const end = Math.min(this.#end, this.#at + bytes);
      const reader = { view: new DataView(await this.#file.slice(this.#at, end)), offset: 0 };
      try {
        return { header: parquetHeader(reader), start: this.#at + reader.offset };
      } catch (error) {
        if (end === this.#end || bytes >= headerBytesMax) throw error;
      }
    }
  }
}

const isoOf = (milliseconds: number): string => {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
};
const utf8 = new TextDecoder('utf-8');
const textOf = (bytes: Uint8Array | undefined): string => (bytes ? utf8.decode(bytes) : '');

/** Dates and times become ISO 8601 text. */
const parsers: ParquetParsers = {
  ...DEFAULT_PARSERS,
  timestampFromMilliseconds: (milliseconds) => isoOf(Number(milliseconds)),
  timestampFromMicroseconds: (microseconds) => isoOf(Number(microseconds / 1000n)),
  timestampFromNanoseconds: (nanoseconds) => isoOf(Number(nanoseconds / 1_000_000n)),
  dateFromDays: (days) => isoOf(days * 86_400_000).slice(0, 10),
  stringFromBytes: textOf,
  jsonFromBytes: textOf,
};
