import type { Binary, ObjectId } from 'bson';
import { bsonType, type Doc } from './document.ts';

/** MongoDB's order of types; missing and null are one. Types that `ingest` refuses are not listed. */
const RANK = {
  nothing: 1,
  number: 2,
  string: 3,
  document: 4,
  array: 5,
  binary: 6,
  objectId: 7,
  boolean: 8,
  date: 9,
  regexp: 11,
};

const RANK_OF_JS: Record<string, number> = {
  number: RANK.number,
  string: RANK.string,
  boolean: RANK.boolean,
  undefined: RANK.nothing,
};

/** The place of a value's type in MongoDB's order of types. Range operators only compare values of one rank. */
export function rankOf(value: unknown): number {
  const simple = RANK_OF_JS[typeof value];
  if (simple !== undefined) return simple;
  if (value === null) return RANK.nothing;
  if (Array.isArray(value)) return RANK.array;
  if (value instanceof Date) return RANK.date;
  if (value instanceof RegExp) return RANK.regexp;
  const type = bsonType(value);
  if (type === 'ObjectId') return RANK.objectId;
  if (type === 'Binary') return RANK.binary;
  return RANK.document;
}

type Comparator = (left: never, right: never) => number;

const COMPARATORS: Record<number, Comparator> = {
  [RANK.nothing]: () => 0,
  [RANK.number]: compareNumbers,
  // By UTF-16 unit where MongoDB takes UTF-8 bytes: the order differs only beyond the basic plane.
  [RANK.string]: (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0),
  [RANK.document]: compareDocuments,
  [RANK.array]: compareArrays,
  [RANK.binary]: compareBinaries,
  [RANK.objectId]: (left: ObjectId, right: ObjectId) => Buffer.compare(left.id, right.id),
  [RANK.boolean]: (left: boolean, right: boolean) => Number(left) - Number(right),
  [RANK.date]: (left: Date, right: Date) => compareNumbers(left.getTime(), right.getTime()),
  [RANK.regexp]: (left: RegExp, right: RegExp) =>
    String(left) < String(right) ? -1 : Number(String(left) !== String(right)),
};

/** MongoDB's total order over values: first by type, then by value. Returns a negative number, 0 or a positive one. */
export function compareValues(left: unknown, right: unknown): number {
  if (left === right) return 0;
  const rank = rankOf(left);
  const difference = rank - rankOf(right);
  if (difference !== 0) return difference;
  const comparator = COMPARATORS[rank];
  return comparator ? comparator(left as never, right as never) : 0;
}

/** Equality as MongoDB has it: the order of keys in an embedded document counts; null equals missing. */
export function equalValues(left: unknown, right: unknown): boolean {
  return compareValues(left, right) === 0;
}

/** The values without repetition, in MongoDB's order. */
export function distinctValues(values: readonly unknown[]): unknown[] {
  const sorted = [...values].sort(compareValues);
  return sorted.filter((value, position) => position === 0 || !equalValues(value, sorted[position - 1]));
}

/** True when a list in MongoDB's order has the value. */
export function sortedHas(sorted: readonly unknown[], value: unknown): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const order = compareValues(sorted[middle], value);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}

function compareNumbers(left: number, right: number): number {
  if (left < right) return -1;
  if (left > right) return 1;
  // NaN is below every number and equal to itself.
  return left === right ? 0 : Number(Number.isNaN(right)) - Number(Number.isNaN(left));
}

function compareArrays(left: unknown[], right: unknown[]): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const order = compareValues(left[index], right[index]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Field by field in order: type of the value, then name, then value. */
function compareDocuments(left: Doc, right: Doc): number {
  const leftKeys = Object.keys(left);
  const rightKeys = Object.keys(right);
  const length = Math.min(leftKeys.length, rightKeys.length);
  for (let index = 0; index < length; index++) {
    const leftKey = leftKeys[index] as string;
    const rightKey = rightKeys[index] as string;
    const order = rankOf(left[leftKey]) - rankOf(right[rightKey]);
    if (order !== 0) return order;
    if (leftKey !== rightKey) return leftKey < rightKey ? -1 : 1;
    const inner = compareValues(left[leftKey], right[rightKey]);
    if (inner !== 0) return inner;
  }
  return leftKeys.length - rightKeys.length;
}

function compareBinaries(left: Binary, right: Binary): number {
  if (left.position !== right.position) return left.position - right.position;
  if (left.sub_type !== right.sub_type) return left.sub_type - right.sub_type;
  return Buffer.compare(left.value(), right.value());
}
