/** A MongoDB document as it lives in memory: deserialized BSON. Stored documents are never changed in place. */
export type Doc = Record<string, unknown>;

/** True for an embedded document: not an array, a date, a regular expression or a BSON value such as an ObjectId. */
export function isDocument(value: unknown): value is Doc {
  if (value === null || typeof value !== 'object') return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The BSON class name of a value ("ObjectId", "Binary", …), or undefined for what JavaScript itself can hold. */
export function bsonType(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const name: unknown = Reflect.get(value, '_bsontype');
  return typeof name === 'string' ? name : undefined;
}

/** A copy that shares nothing that could be changed: documents, arrays and dates are new, other values are immutable. */
export function cloneValue<T>(value: T): T;
export function cloneValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((element) => cloneValue(element));
  if (value instanceof Date) return new Date(value);
  if (!isDocument(value)) return value;
  const copy: Doc = {};
  for (const key in value) setField(copy, key, cloneValue(value[key]));
  return copy;
}

/** Sets a field of a document that the caller owns, also one that is named `__proto__`. */
export function setField(document: Doc, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(document, key, { value, enumerable: true, configurable: true, writable: true });
  else document[key] = value;
}

/** True when every key is an operator, `{ $gt: 1 }`; false for a literal, `{ a: 1 }`, and for an empty document. */
export function isOperatorDocument(value: unknown): value is Doc {
  if (!isDocument(value)) return false;
  const keys = Object.keys(value);
  return keys.length > 0 && keys.every((key) => key.startsWith('$'));
}
