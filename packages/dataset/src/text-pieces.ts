import { isUtf8 } from 'node:buffer';

/** Bytes that are not text: where they are and what they look like. Everything before them was given out. */
export class TextFault extends Error {
  readonly code: 'not_utf8' | 'nul_character';

  constructor(code: 'not_utf8' | 'nul_character', message: string) {
    super(message);
    this.name = 'TextFault';
    this.code = code;
  }
}

/**
 * The bytes as text: UTF-8, strictly, or UTF-16 with a byte order mark. The mark itself is left out.
 *
 * @throws TextFault at the first byte that is not text, after all text before it was yielded.
 */
export async function* textPieces(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const iterator = bytes[Symbol.asyncIterator]();
  try {
    const head = await firstBytes(iterator);
    const all = joined(head, iterator);
    const encoding = utf16Of(head);
    yield* encoding === null ? utf8Pieces(all) : utf16Pieces(all, encoding);
  } finally {
    await iterator.return?.();
  }
}

/** Three bytes, which tell the byte order mark, or what came with them. */
async function firstBytes(iterator: AsyncIterator<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  while (bytes < 3) {
    const next = await iterator.next();
    if (next.done) break;
    pieces.push(next.value);
    bytes += next.value.byteLength;
  }
  return Buffer.concat(pieces);
}

async function* joined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (head.byteLength > 0) yield head;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/** The UTF-16 that a byte order mark tells, or null. */
export function utf16Of(head: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return null;
}

async function* utf16Pieces(bytes: AsyncIterable<Buffer>, encoding: 'utf-16le' | 'utf-16be'): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (piece?: Buffer): string => {
    try {
      return piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true });
    } catch {
      throw new TextFault('not_utf8', 'The file has a byte order mark of UTF-16 but is not UTF-16; save it as UTF-8.');
    }
  };
  for await (const piece of bytes) yield* checked(decode(piece));
  yield* checked(decode());
}

async function* utf8Pieces(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let carry: Buffer = Buffer.alloc(0);
  let first = true;
  for await (const piece of bytes) {
    let whole = carry.byteLength === 0 ? piece : Buffer.concat([carry, piece]);
    if (first && whole[0] === 0xef && whole[1] === 0xbb && whole[2] === 0xbf) whole = whole.subarray(3);
    first = false;
    const end = whole.byteLength - unfinishedBytes(whole);
    carry = whole.subarray(end);
    yield* decodeUtf8(whole.subarray(0, end));
  }
  if (carry.byteLength > 0) yield* decodeUtf8(carry);
}

function* decodeUtf8(bytes: Buffer): Generator<string> {
  if (isUtf8(bytes)) {
    yield* checked(bytes.toString('utf8'));
    return;
  }
  const at = firstInvalidByte(bytes);
  yield* checked(bytes.toString('utf8', 0, at));
  throw new TextFault('not_utf8', notUtf8Message(bytes[at] ?? 0));
}

function* checked(text: string): Generator<string> {
  const at = text.indexOf('\0');
  if (at === -1) {
    if (text.length > 0) yield text;
    return;
  }
  yield text.slice(0, at);
  throw new TextFault(
    'nul_character',
    'holds a NUL character, so the file is damaged or is not text; save it as UTF-8',
  );
}

function notUtf8Message(byte: number): string {
  const character = new TextDecoder('windows-1252').decode(Uint8Array.of(byte));
  return (
    `is not UTF-8; save the file as UTF-8. The byte 0x${byte.toString(16).toUpperCase()} looks like ` +
    `“${character}” of Latin-1 (Windows-1252, in Excel “CSV” instead of “CSV UTF-8”)`
  );
}

/** Bytes at the end that begin a character whose other bytes are still to come. */
function unfinishedBytes(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.byteLength); back += 1) {
    const byte = bytes[bytes.byteLength - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return characterBytes(byte) > back ? back : 0;
  }
  return 0;
}

const characterBytes = (lead: number): number => {
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
};

/** Where the first character that is not UTF-8 begins. */
function firstInvalidByte(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.byteLength) {
    const length = characterBytes(bytes[at] ?? 0);
    if (!isUtf8(bytes.subarray(at, at + length))) return at;
    at += length;
  }
  return at;
}
