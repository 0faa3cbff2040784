import { Binary, deserialize } from 'bson';
import { CommandError } from '../errors.ts';
import { bsonType, type Doc } from './document.ts';

/** mingo takes two values as equal when their `toString()` is; a Binary's own is lossy (UTF-8), so ours says all bytes. */
class ExactBinary extends Binary {
  override toString(): string {
    return `${this.sub_type}:${Buffer.from(this.value()).toString('hex')}`;
  }
}

const ACCEPTED = new Set(['ObjectId', 'Binary']);

/**
 * BSON bytes as a document of values that we can compare exactly. Throws BadValue for a type that the embedded server
 * does not hold: 64-bit integers beyond 2^53, Decimal128, Timestamp, MinKey, MaxKey, Code, DBRef, Symbol.
 */
export function ingest(bytes: Uint8Array): Doc {
  const document = deserialize(bytes, { promoteBuffers: false });
  for (const key of Object.keys(document)) {
    if (key !== '$clusterTime') accept(document[key], key);
  }
  return document;
}

function accept(value: unknown, name: string): void {
  if (value === null || typeof value !== 'object' || value instanceof Date || value instanceof RegExp) return;
  const type = bsonType(value);
  if (type !== undefined) {
    if (!ACCEPTED.has(type))
      throw new CommandError('BadValue', `${name} is a ${refusedName(type)}: the embedded server does not hold it`);
    if (value instanceof Binary) own(value);
    return;
  }
  for (const [key, inner] of Object.entries(value)) accept(inner, key);
}

/** bson leaves a Binary as a window on the bytes that it read, which would keep all of them, and lmdb's are lent only. */
function own(binary: Binary): void {
  binary.buffer = Buffer.from(binary.value());
  Object.setPrototypeOf(binary, ExactBinary.prototype);
}

function refusedName(type: string): string {
  return type === 'Long' ? '64-bit integer beyond 2^53' : type;
}
