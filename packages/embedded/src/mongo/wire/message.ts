import type { Doc } from '../values/document.ts';
import { ingest } from '../values/ingest.ts';
import { WireError } from './frames.ts';

export const OPCODE = { reply: 1, query: 2004, message: 2013 } as const;
const HEADER_BYTES = 16;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
/** Bits 0 to 15 must be understood by whoever reads the message; of them we know two. */
const UNKNOWN_REQUIRED_BITS = 0xfffc;

/** A command as it came: the name of a command is the first key of its body. */
export interface Request {
  requestId: number;
  body: Doc;
  /** Came as the legacy OP_QUERY (the first handshake does) and wants an OP_REPLY. */
  legacy: boolean;
  /** False when the client said moreToCome: it does not read an answer. */
  wantsReply: boolean;
}

/** Reads one whole message. Throws WireError when it is malformed; a BSON type that we refuse is a CommandError. */
export function parseMessage(message: Buffer): Request {
  const requestId = message.readInt32LE(4);
  const opcode = message.readInt32LE(12);
  const reader = new Reader(message, HEADER_BYTES);
  if (opcode === OPCODE.message) return { requestId, ...parseOpMsg(reader) };
  if (opcode === OPCODE.query) return { requestId, legacy: true, wantsReply: true, body: parseOpQuery(reader) };
  throw new WireError(`opcode ${opcode} is not supported`);
}

function parseOpMsg(reader: Reader): Omit<Request, 'requestId'> {
  const flags = reader.int32();
  if (flags & UNKNOWN_REQUIRED_BITS) throw new WireError(`unknown flags ${flags}`);
  if (flags & CHECKSUM_PRESENT) reader.dropEnd(4);
  let body: Doc | undefined;
  const sequences: Doc = {};
  while (!reader.atEnd) {
    const kind = reader.byte();
    if (kind === 0 && body === undefined) body = reader.document();
    else if (kind === 1) readSequence(reader, sequences);
    else throw new WireError(`unexpected section of kind ${kind}`);
  }
  if (body === undefined) throw new WireError('a message without a body');
  return { legacy: false, wantsReply: (flags & MORE_TO_COME) === 0, body: Object.assign(body, sequences) };
}

/** Kind 1: a list of documents that stands outside the body, because the body may not be that large. */
function readSequence(reader: Reader, into: Doc): void {
  const section = reader.section(reader.int32() - 4);
  const name = section.cstring();
  const documents: Doc[] = [];
  while (!section.atEnd) documents.push(section.document());
  into[name] = documents;
}

function parseOpQuery(reader: Reader): Doc {
  reader.int32();
  const namespace = reader.cstring();
  if (!namespace.endsWith('.$cmd')) throw new WireError('OP_QUERY is only supported for the handshake');
  reader.int32();
  reader.int32();
  const query = reader.document();
  return { ...query, $db: namespace.slice(0, -'.$cmd'.length) };
}

/** Reads values one after another and refuses to go beyond the end. */
class Reader {
  readonly #bytes: Buffer;
  #offset: number;
  #end: number;

  constructor(bytes: Buffer, offset: number, end = bytes.length) {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#end = end;
  }

  get atEnd(): boolean {
    return this.#offset >= this.#end;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  int32(): number {
    return this.#bytes.readInt32LE(this.#advance(4));
  }

  cstring(): string {
    const end = this.#bytes.indexOf(0, this.#offset);
    if (end < 0 || end >= this.#end) throw new WireError('a string without an end');
    const start = this.#advance(end + 1 - this.#offset);
    return this.#bytes.toString('utf8', start, end);
  }

  document(): Doc {
    const length = this.int32();
    const start = this.#advance(length - 4) - 4;
    return ingest(this.#bytes.subarray(start, start + length));
  }

  section(length: number): Reader {
    const start = this.#advance(length);
    return new Reader(this.#bytes, start, start + length);
  }

  dropEnd(length: number): void {
    this.#end -= length;
    if (this.#end < this.#offset) throw new WireError('a message shorter than it says');
  }

  /** Moves on by a length and returns where it was. */
  #advance(length: number): number {
    const start = this.#offset;
    if (length < 0 || start + length > this.#end) throw new WireError('a message shorter than it says');
    this.#offset = start + length;
    return start;
  }
}
