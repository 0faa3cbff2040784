import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { Compressors } from 'hyparquet';
import { convert, convertWithDictionary } from 'hyparquet/src/convert.js';
import { decompressPage, readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js';
import { readPlain } from 'hyparquet/src/plain.js';
import { readVarInt } from 'hyparquet/src/thrift.js';
import type { ColumnDecoder, DecodedArray, PageHeader } from 'hyparquet/src/types.js';

/** A page that does not hold what it says, or that would unpack to more than a page may have. */
export class PageFault extends Error {}

/** Written in a way that is not read here; the message says what, and how to write it instead. */
export class UnsupportedFault extends Error {}

/** Writers begin a new page at about 1 MiB; long texts make them larger. */
const pageBytesMax = 128 * 1024 * 1024;
/** Unpacks to an amount that its own size does not bound, so it is left out. */
const encodingsRefused: ReadonlySet<string> = new Set(['DELTA_BYTE_ARRAY', 'BIT_PACKED', 'GROUP_VAR_INT']);

export const compressors: Compressors = {
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
  if (encodingsRefused.has(encoding)) {
    throw new UnsupportedFault(`is encoded as ${encoding}; write it with the default encodings`);
  }
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
  let [at, values] = [0, head.num_values];
  if (isOptional(column)) {
    at = 4 + view.getUint32(0, true);
    values = checkRuns(view, { start: 4, width: 1, values: head.num_values });
  }
  checkValues(view, at, { encoding: head.encoding, type: column.type, values });
  return { page: readDataPage(page, head, column), encoding: head.encoding, rows: head.num_values };
}

function readVersion2(bytes: Uint8Array, header: PageHeader, column: ColumnDecoder) {
  const head = header.data_page_header_v2;
  if (!head) throw new PageFault('a page has no header');
  const levelBytes = head.definition_levels_byte_length;
  if (!(levelBytes >= 0 && levelBytes <= bytes.byteLength) || head.repetition_levels_byte_length !== 0) {
    throw new PageFault('its levels are damaged');
  }
  const packed = bytes.subarray(levelBytes);
  const unpackedBytes = header.uncompressed_page_size - levelBytes;
  const body = head.is_compressed === false ? packed : unpack(packed, unpackedBytes, column);
  const page = new Uint8Array(levelBytes + body.byteLength);
  page.set(bytes.subarray(0, levelBytes));
  page.set(body, levelBytes);
  const view = new DataView(page.buffer);
  let values = head.num_values;
  if (isOptional(column)) values = checkRuns(view, { start: 0, width: 1, values });
  else if (levelBytes > 0) throw new PageFault('its levels are damaged');
  if (head.num_nulls !== head.num_values - values)
    throw new PageFault('a page has another number of nulls than it says');
  checkValues(view, levelBytes, { encoding: head.encoding, type: column.type, values });
  const plainHeader: PageHeader = {
    ...header,
    uncompressed_page_size: page.byteLength,
    data_page_header_v2: { ...head, is_compressed: false },
  };
  const plainColumn: ColumnDecoder = { ...column, codec: 'UNCOMPRESSED' };
  return { page: readDataPageV2(page, plainHeader, plainColumn), encoding: head.encoding, rows: head.num_values };
}

const isOptional = ({ element }: ColumnDecoder): boolean => element.repetition_type !== 'REQUIRED';

const unpack = (bytes: Uint8Array, size: number, column: ColumnDecoder): Uint8Array =>
  size === 0 ? new Uint8Array(0) : decompressPage(bytes, size, column.codec, compressors);

/** Whether the values unpack to as many as there are, without unpacking them. */
function checkValues(view: DataView, at: number, page: { encoding: string; type: string; values: number }): void {
  const { encoding, type, values } = page;
  if (values === 0) return;
  if (encoding === 'RLE' && type === 'BOOLEAN') checkRuns(view, { start: at + 4, width: 1, values });
  else if (encoding.endsWith('_DICTIONARY') && type !== 'BOOLEAN') {
    const width = view.getUint8(at);
    if (width > 24) throw new PageFault('a dictionary is too large');
    if (width > 0) checkRuns(view, { start: at + 1, width, values });
  } else if (encoding === 'DELTA_BINARY_PACKED' || encoding === 'DELTA_LENGTH_BYTE_ARRAY') checkDelta(view, at);
  else if (encoding !== 'PLAIN' && encoding !== 'BYTE_STREAM_SPLIT') {
    throw new UnsupportedFault(`is encoded as ${encoding}; write it with the default encodings`);
  }
}

/** Packed runs may be filled up: to eight values, or to the 63 groups of eight that some writers always write. */
const paddingMax = 504;

/**
 * Walks run-length encoded values as the reader does: a few bytes can say a run of two thousand million, and the
 * reader would make them all.
 *
 * @returns how many of one-bit values are 1.
 * @throws PageFault where a run goes beyond the values of the page, RangeError where the page ends before its values.
 */
function checkRuns(view: DataView, runs: { start: number; width: number; values: number }): number {
  const reader = { view, offset: runs.start };
  let seen = 0;
  let ones = 0;
  while (seen < runs.values) {
    const left = runs.values - seen;
    const { packed, count } = nextRun(reader, left);
    if (runs.width === 1) ones += onesIn(view, reader.offset, packed ? Math.min(count, left) : -count);
    // An empty packed run still takes a byte.
    reader.offset += packed ? Math.max(1, (count / 8) * runs.width) : Math.ceil(runs.width / 8);
    seen += count;
  }
  return ones;
}

function nextRun(reader: { view: DataView; offset: number }, left: number): { packed: boolean; count: number } {
  const header = readVarInt(reader);
  const packed = (header & 1) === 1;
  const count = packed ? (header >> 1) * 8 : header >>> 1;
  if (count < 0 || count > left + (packed ? paddingMax : 0)) throw new PageFault('a run is longer than its page');
  return { packed, count };
}

/** Ones among so many packed bits; below zero, among as many repetitions of one byte's value. */
function onesIn(view: DataView, start: number, bits: number): number {
  if (bits < 0) return (view.getUint8(start) & 1) * -bits;
  let ones = 0;
  for (let bit = 0; bit < bits; bit += 1) ones += (view.getUint8(start + (bit >>> 3)) >>> (bit & 7)) & 1;
  return ones;
}

/** The sizes of delta blocks: with negative ones the reader would go back and forth for ever. */
function checkDelta(view: DataView, at: number): void {
  const reader = { view, offset: at };
  const blockValues = readVarInt(reader);
  const miniblocks = readVarInt(reader);
  const good = blockValues > 0 && blockValues <= 65_536 && miniblocks > 0 && blockValues % (miniblocks * 8) === 0;
  if (!good) throw new PageFault('its delta blocks are damaged');
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
