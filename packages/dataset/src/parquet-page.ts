import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Compressors } from 'hyparquet';
import { convert, convertWithDictionary } from 'hyparquet/src/convert.js';
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js';
import { readPlain } from 'hyparquet/src/plain.js';
import type { ColumnDecoder, DecodedArray, PageHeader } from 'hyparquet/src/types.js';

/** A page that does not hold what it says, or that would unpack to more than a page may have. */
export class PageFault extends Error {}

/** Writers begin a new page at about 1 MiB; long texts make them larger. */
const pageBytesMax = 128 * 1024 * 1024;
/** Unpacks to an amount that its own size does not bound, so it is left out. */
const encodingsRefused: ReadonlySet<string> = new Set(['DELTA_BYTE_ARRAY', 'BIT_PACKED', 'GROUP_VAR_INT']);

const compressors: Compressors = {
  GZIP: (input, bytes) => gunzipSync(input, { maxOutputLength: bytes }),
  BROTLI: (input, bytes) => brotliDecompressSync(input, { maxOutputLength: bytes }),
};

/** Codecs that can be read. */
export const codecsKnown: ReadonlySet<string> = new Set(['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI']);

/** @throws PageFault where sizes or counts are beyond what a page of this table may have. */
export function checkPageHeader(header: PageHeader, rowsMax: number): void {
  const data = header.data_page_header ?? header.data_page_header_v2;
  const sizes = [header.compressed_page_size, header.uncompressed_page_size];
  if (sizes.some((bytes) => !(bytes >= 0 && bytes <= pageBytesMax))) throw new PageFault('a page is too large');
  const values = data?.num_values ?? header.dictionary_page_header?.num_values ?? 0;
  if (!(values >= 0 && values <= rowsMax)) throw new PageFault('a page says that it has more values than rows');
  const encoding = data?.encoding ?? header.dictionary_page_header?.encoding ?? 'PLAIN';
  if (encodingsRefused.has(encoding)) throw new PageFault(`the encoding ${encoding} is not supported`);
}

/** The values of a dictionary page. */
export function readDictionary(bytes: Uint8Array, header: PageHeader, column: ColumnDecoder): DecodedArray {
  const page = unpack(bytes, header.uncompressed_page_size, column);
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const count = header.dictionary_page_header?.num_values ?? 0;
  return convert(readPlain({ view, offset: 0 }, column.type, count, column.element.type_length), column);
}

/** The values of a data page of a flat column, null where missing. */
export function readValues(
  bytes: Uint8Array,
  header: PageHeader,
  column: ColumnDecoder,
  dictionary: DecodedArray | undefined,
): ArrayLike<unknown> {
  const { page, encoding, rows } = header.data_page_header_v2
    ? readVersion2(bytes, header, column)
    : readVersion1(bytes, header, column);
  if (encoding.endsWith('_DICTIONARY') && dictionary === undefined) throw new PageFault('a dictionary is missing');
  checkIndexes(page.dataPage, encoding, dictionary);
  const values = convertWithDictionary(page.dataPage, dictionary, encoding as 'PLAIN', column);
  return withNulls(values, page.definitionLevels, rows);
}

function readVersion1(bytes: Uint8Array, header: PageHeader, column: ColumnDecoder) {
  const head = header.data_page_header;
  if (!head) throw new PageFault('a page has no header');
  const page = unpack(bytes, header.uncompressed_page_size, column);
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let at = 0;
  if (column.element.repetition_type !== 'REQUIRED') {
    const levelBytes = view.getUint32(0, true);
    checkRuns(view, { start: 4, end: 4 + levelBytes, width: 1, values: head.num_values });
    at = 4 + levelBytes;
  }
  checkValueRuns(view, at, { encoding: head.encoding, type: column.type, values: head.num_values });
  return { page: readDataPage(page, head, column), encoding: head.encoding, rows: head.num_values };
}

function readVersion2(bytes: Uint8Array, header: PageHeader, column: ColumnDecoder) {
  const head = header.data_page_header_v2;
  if (!head) throw new PageFault('a page has no header');
  const levelBytes = head.definition_levels_byte_length;
  const before = head.repetition_levels_byte_length + levelBytes;
  if (!(levelBytes >= 0 && before >= levelBytes && before <= bytes.byteLength)) throw new PageFault('levels too long');
  const packed = bytes.subarray(before);
  const unpackedBytes = header.uncompressed_page_size - before;
  const body = head.is_compressed === false ? packed : unpack(packed, unpackedBytes, column);
  const page = new Uint8Array(before + body.byteLength);
  page.set(bytes.subarray(0, before));
  page.set(body, before);
  const view = new DataView(page.buffer);
  if (levelBytes > 0) checkRuns(view, { start: before - levelBytes, end: before, width: 1, values: head.num_values });
  checkValueRuns(view, before, { encoding: head.encoding, type: column.type, values: head.num_values });
  const plainHeader: PageHeader = {
    ...header,
    uncompressed_page_size: page.byteLength,
    data_page_header_v2: { ...head, is_compressed: false },
  };
  return { page: readDataPageV2(page, plainHeader, column), encoding: head.encoding, rows: head.num_values };
}

const unpack = (bytes: Uint8Array, size: number, column: ColumnDecoder): Uint8Array =>
  decompressPage(bytes, size, column.codec, compressors);

/** Runs of dictionary indexes and booleans; see `checkRuns`. */
function checkValueRuns(view: DataView, at: number, page: { encoding: string; type: string; values: number }): void {
  if (page.encoding === 'RLE') checkRuns(view, { start: at + 4, end: view.byteLength, width: 1, values: page.values });
  if (!page.encoding.endsWith('_DICTIONARY') || at >= view.byteLength) return;
  const width = view.getUint8(at);
  if (width > 32) throw new PageFault('a dictionary has too many bits');
  if (width > 0) checkRuns(view, { start: at + 1, end: view.byteLength, width, values: page.values });
}

/**
 * Walks the run-length encoded values without unpacking them: a few bytes can say a run of two thousand million, and
 * the reader would make them all.
 *
 * @throws PageFault where a run goes beyond the values of the page.
 */
function checkRuns(view: DataView, runs: { start: number; end: number; width: number; values: number }): void {
  const end = Math.min(runs.end, view.byteLength);
  const valueBytes = Math.ceil(runs.width / 8);
  let at = runs.start;
  let seen = 0;
  while (seen < runs.values && at < end) {
    let header = 0;
    let byte = 0x80;
    for (let shift = 0; byte >= 0x80 && shift < 35 && at < end; shift += 7) {
      byte = view.getUint8(at);
      header += (byte & 0x7f) * 2 ** shift;
      at += 1;
    }
    const count = Math.floor(header / 2);
    const packed = header % 2 === 1;
    seen += packed ? count * 8 : count;
    at += packed ? count * runs.width : valueBytes;
    // A run that is packed fills up its last eight.
    if (seen > runs.values + (packed ? 504 : 0)) throw new PageFault('a run is longer than its page');
  }
}

function checkIndexes(indexes: DecodedArray, encoding: string, dictionary: DecodedArray | undefined): void {
  if (!dictionary || !encoding.endsWith('_DICTIONARY')) return;
  for (let at = 0; at < indexes.length; at += 1) {
    if (!((indexes[at] as number) < dictionary.length)) throw new PageFault('a value is not in its dictionary');
  }
}

function withNulls(values: DecodedArray, levels: readonly number[] | undefined, rows: number): ArrayLike<unknown> {
  if (!levels || levels.length === 0) return checkLength(values, rows);
  const all = new Array<unknown>(rows).fill(null);
  let next = 0;
  for (let row = 0; row < rows; row += 1) {
    if (levels[row] !== 1) continue;
    all[row] = values[next];
    next += 1;
  }
  if (next !== values.length) throw new PageFault('a page has another number of values than it says');
  return all;
}

function checkLength(values: DecodedArray, rows: number): DecodedArray {
  if (values.length !== rows) throw new PageFault('a page has another number of values than it says');
  return values;
}
