import { isAscii } from 'node:buffer';
import { AppError, type DatasetFormat } from '@agon/contracts';
import { utf16Of } from './text-pieces.ts';

/** How much of a file's beginning the format is told by. */
export const headBytes = 64 * 1024;

type Foreign = {
  readonly starts: readonly number[];
  readonly what: string;
  readonly todo: string;
  /** Whether the rest of such a file may be text too. */
  readonly isText?: true;
};

const text = (characters: string): number[] => [...characters].map((character) => character.charCodeAt(0));
const unpack = 'unpack it and send the table inside';
const exportIt = 'export the table as CSV (UTF-8) and send that';

/** Files that are often taken for tables, by their first bytes. */
const foreignFormats: readonly Foreign[] = [
  { starts: [0x50, 0x4b, 0x03, 0x04], what: 'a ZIP archive', todo: unpack },
  { starts: [0x1f, 0x8b], what: 'a gzip archive', todo: unpack },
  { starts: text('BZh'), what: 'a bzip2 archive', todo: unpack },
  { starts: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: 'an xz archive', todo: unpack },
  { starts: [0x28, 0xb5, 0x2f, 0xfd], what: 'a Zstandard archive', todo: unpack },
  { starts: [0x37, 0x7a, 0xbc, 0xaf], what: 'a 7-Zip archive', todo: unpack },
  { starts: text('Rar!'), what: 'a RAR archive', todo: unpack },
  { starts: [0xd0, 0xcf, 0x11, 0xe0], what: 'an old Excel or Word document', todo: exportIt },
  { starts: text('%PDF'), what: 'a PDF document', todo: exportIt, isText: true },
  { starts: text('{\\rtf'), what: 'an RTF document', todo: exportIt, isText: true },
  { starts: [0x89, 0x50, 0x4e, 0x47], what: 'a PNG image', todo: 'send a table, not an image' },
  { starts: [0xff, 0xd8, 0xff], what: 'a JPEG image', todo: 'send a table, not an image' },
  { starts: text('GIF8'), what: 'a GIF image', todo: 'send a table, not an image' },
  { starts: text('RIFF'), what: 'an image, sound or film', todo: 'send a table' },
  { starts: text('PARE'), what: 'an encrypted Parquet file', todo: 'write it without encryption' },
  { starts: text('ARROW1'), what: 'an Arrow (Feather) file', todo: 'write it as Parquet or CSV' },
  { starts: text('FEA1'), what: 'a Feather file', todo: 'write it as Parquet or CSV' },
  { starts: text('ORC'), what: 'an ORC file', todo: 'write it as Parquet or CSV' },
  { starts: [0x4f, 0x62, 0x6a, 0x01], what: 'an Avro file', todo: 'write it as Parquet or CSV' },
  { starts: [0x89, 0x48, 0x44, 0x46], what: 'an HDF5 file', todo: 'write the table as Parquet or CSV' },
  { starts: [0x93, 0x4e, 0x55, 0x4d], what: 'a NumPy array', todo: 'write it as Parquet or CSV with named columns' },
  { starts: [0x80, 0x04, 0x95], what: 'a Python pickle', todo: 'write the table as Parquet or CSV' },
  { starts: [0x80, 0x05, 0x95], what: 'a Python pickle', todo: 'write the table as Parquet or CSV' },
  { starts: text('SQLite format 3'), what: 'an SQLite database', todo: exportIt },
];

/** Text formats, by a pattern on the first characters. */
const foreignTexts: readonly { readonly pattern: RegExp; readonly what: string; readonly todo: string }[] = [
  {
    pattern: /^<(!doctype html|html|head|body)\b/i,
    what: 'a web page',
    todo: 'the download was probably a login or error page; fetch the file itself',
  },
  { pattern: /^<(\?xml|[a-z])/i, what: 'XML', todo: exportIt },
  {
    pattern: /^\[\s*[[{"\d\]]/,
    what: 'a JSON array',
    todo: 'write one JSON object per line (JSON Lines) without the brackets and commas around them',
  },
  { pattern: /^@relation\b/i, what: 'an ARFF file', todo: 'write it as CSV with a header' },
];

/**
 * Tells a dataset's format by its content first, by its name second.
 *
 * @throws AppError `dataset_unreadable` that says what the file looks like and what to do.
 */
export function detectFormat(head: Uint8Array, filename: string): DatasetFormat {
  if (head.byteLength === 0) throw unreadable(filename, 'is empty', 'send a file that has a header and rows');
  const starts = (bytes: readonly number[]) => bytes.every((byte, index) => head[index] === byte);
  // Names of columns may begin like files of another kind: ORCID, PARENT.
  const binary = head.some((byte) => byte < 9 || (byte > 13 && byte < 32));
  if (binary && starts(text('PAR1'))) return 'parquet';
  if (starts([0x50, 0x4b, 0x03, 0x04]) && isSpreadsheet(head)) {
    throw unreadable(filename, 'looks like an Excel or OpenDocument file', exportIt);
  }
  const foreign = foreignFormats.find(
    (candidate) =>
      starts(candidate.starts) && (binary || candidate.isText || !isAscii(Uint8Array.from(candidate.starts))),
  );
  if (foreign) throw unreadable(filename, `looks like ${foreign.what}`, foreign.todo);
  return detectText(head, filename);
}

function detectText(head: Uint8Array, filename: string): DatasetFormat {
  const encoding = utf16Of(head);
  if (encoding === null) refuseBinary(head, filename);
  const start = new TextDecoder(encoding ?? 'utf-8').decode(head).trimStart();
  if (start === '') throw unreadable(filename, 'has nothing but white space', 'send a file that has a header and rows');
  const foreign = foreignTexts.find((candidate) => candidate.pattern.test(start));
  if (foreign) throw unreadable(filename, `looks like ${foreign.what}`, foreign.todo);
  return start.startsWith('{') ? 'jsonl' : 'csv';
}

function refuseBinary(head: Uint8Array, filename: string): void {
  const nulAt = head.indexOf(0);
  if (nulAt === -1) return;
  let even = 0;
  let odd = 0;
  for (let index = 0; index < head.byteLength; index += 1) {
    if (head[index] !== 0) continue;
    if (index % 2 === 0) even += 1;
    else odd += 1;
  }
  // Plain text in UTF-16 has a zero in nearly every second byte.
  if (Math.max(even, odd) > head.byteLength / 4 && Math.min(even, odd) < head.byteLength / 16) {
    throw unreadable(filename, 'looks like UTF-16 without a byte order mark', 'save it as UTF-8');
  }
  throw unreadable(filename, 'is binary, not text', 'send UTF-8 CSV with a header, JSON Lines, or Parquet');
}

const isSpreadsheet = (head: Uint8Array): boolean => {
  const names = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  return /\[Content_Types\]\.xml|xl\/|opendocument\.spreadsheet/.test(names);
};

const unreadable = (filename: string, what: string, todo: string): AppError =>
  new AppError('dataset_unreadable', `${filename} ${what}; ${todo}.`);
