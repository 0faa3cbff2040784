import { serialize } from 'bson';
import { CommandError } from '../errors.ts';
import type { Doc } from '../values/document.ts';
import { OPCODE } from './message.ts';

const BSON = { document: 3, array: 4, string: 2, double: 1, int64: 18 } as const;

/** A page of a cursor; its documents are BSON bytes already. `id` 0 says that there is no further page. */
export interface Page {
  id: number;
  namespace: string;
  field: 'firstBatch' | 'nextBatch';
  documents: Uint8Array[];
}

export type Reply = { document: Doc } | { page: Page };

/** A document and what the server says around it. */
const REPLY_BYTES_MAX = 16 * 1024 * 1024 + 16 * 1024;

/** The answer to one request, ready for the socket. Throws BSONObjectTooLarge for an answer that is not in pages. */
export function encodeReply(reply: Reply, request: { requestId: number; legacy: boolean }): Buffer {
  const body = 'page' in reply ? encodePage(reply.page) : encodeDocument(reply.document);
  // OP_MSG: flags 0, one section of kind 0. OP_REPLY: flags 8 (await capable), cursor 0, from 0, one document.
  const prefix = Buffer.alloc(request.legacy ? 20 : 5);
  if (request.legacy) {
    prefix.writeInt32LE(8, 0);
    prefix.writeInt32LE(1, 16);
  }
  const header = Buffer.alloc(16);
  header.writeInt32LE(header.length + prefix.length + body.length, 0);
  header.writeInt32LE(request.requestId, 8);
  header.writeInt32LE(request.legacy ? OPCODE.reply : OPCODE.message, 12);
  return Buffer.concat([header, prefix, body]);
}

function encodeDocument(document: Doc): Uint8Array {
  const bytes = serialize(document);
  if (bytes.length <= REPLY_BYTES_MAX) return bytes;
  throw new CommandError(
    'BSONObjectTooLarge',
    `an answer has ${bytes.length} bytes; at most ${REPLY_BYTES_MAX} are allowed`,
  );
}

/** `{ cursor: { <field>: [...], id, ns }, ok: 1 }` without taking the documents apart again. */
function encodePage({ id, namespace, field, documents }: Page): Buffer {
  const elements = documents.flatMap((bytes, index) => [element(BSON.document, String(index)), bytes]);
  const cursor = enclose([
    element(BSON.array, field),
    enclose(elements),
    element(BSON.int64, 'id'),
    int64(id),
    element(BSON.string, 'ns'),
    text(namespace),
  ]);
  return enclose([element(BSON.document, 'cursor'), cursor, element(BSON.double, 'ok'), ONE]);
}

const ONE = Buffer.alloc(8);
ONE.writeDoubleLE(1);

function element(type: number, name: string): Buffer {
  return Buffer.from(`${String.fromCharCode(type)}${name}\0`);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(`....${value}\0`);
  bytes.writeInt32LE(bytes.length - 4);
  return bytes;
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return bytes;
}

/** A BSON document or array: its length, its elements, a zero. */
function enclose(parts: Uint8Array[]): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(4), ...parts, Buffer.alloc(1)]);
  bytes.writeInt32LE(bytes.length);
  return bytes;
}
