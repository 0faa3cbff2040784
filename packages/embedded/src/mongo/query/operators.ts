import { Query } from 'mingo/query';
import type { Options } from 'mingo/types';
import { CommandError } from '../errors.ts';
import { compareValues, distinctValues, equalValues, rankOf, sortedHas } from '../values/compare.ts';
import { bsonType, type Doc, isDocument } from '../values/document.ts';
import { someAt } from '../values/path.ts';

/**
 * The query operators that mingo has otherwise than MongoDB: it compares by `toString()`, does not know ObjectId or
 * Binary in ranges, `null` inside arrays, or `$type: 'objectId'`. The logical operators and `$expr` stay mingo's.
 */
type Predicate = (document: Doc) => boolean;
type Operator = (selector: string, value: never, options: Options) => Predicate;
type Test = (value: unknown) => boolean;

/** A test on each value at the selector, and on each element when the value is an array. */
function onValues(selector: string, test: Test): Predicate {
  const parts = selector.split('.');
  return (document) => someAt(document, parts, (leaf) => test(leaf) || (Array.isArray(leaf) && leaf.some(test)));
}

/** A test on each value at the selector, an array taken as a whole. */
function onWhole(selector: string, test: Test): Predicate {
  const parts = selector.split('.');
  return (document) => someAt(document, parts, test);
}

const not =
  (predicate: Predicate): Predicate =>
  (document) =>
    !predicate(document);

function equals(wanted: unknown): Test {
  if (!(wanted instanceof RegExp)) return (value) => equalValues(value, wanted);
  return (value) =>
    typeof value === 'string' ? wanted.test(value) : value instanceof RegExp && equalValues(value, wanted);
}

function within(wanted: unknown, holds: (order: number) => boolean): Test {
  const rank = rankOf(wanted);
  const isNumber = Number.isNaN(wanted)
    ? (value: unknown) => Number.isNaN(value)
    : (value: unknown) => !Number.isNaN(value);
  return (value) => rankOf(value) === rank && isNumber(value) && holds(compareValues(value, wanted));
}

function list(operator: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new CommandError('BadValue', `${operator} needs an array`);
}

function isOneOf(operator: string, value: unknown): Test {
  const wanted = list(operator, value);
  const patterns = wanted.filter((member) => member instanceof RegExp).map(equals);
  const values = distinctValues(wanted);
  return (candidate) => sortedHas(values, candidate) || patterns.some((test) => test(candidate));
}

const LOGICAL = new Set(['$and', '$or', '$nor', '$expr']);

/** `$elemMatch` has conditions on the element itself (`{ $gt: 1 }`) or on its fields (`{ a: 1 }`). */
function elementTest(criteria: Doc, options: Options): Test {
  const keys = Object.keys(criteria);
  const onElement = keys.length > 0 && keys.every((key) => key.startsWith('$') && !LOGICAL.has(key));
  const query = new Query(onElement ? { element: criteria } : criteria, options);
  if (onElement) return (element) => query.test({ element });
  return (element) => isDocument(element) && query.test(element);
}

function matchesElement(value: Doc, options: Options): Test {
  const test = elementTest(value, options);
  return (leaf) => Array.isArray(leaf) && leaf.some(test);
}

function all(selector: string, value: unknown, options: Options): Predicate {
  const predicates = list('$all', value).map((wanted) =>
    isDocument(wanted) && isDocument(wanted.$elemMatch)
      ? onWhole(selector, matchesElement(wanted.$elemMatch, options))
      : onValues(selector, equals(wanted)),
  );
  return (document) => predicates.length > 0 && predicates.every((predicate) => predicate(document));
}

const isInt32 = (value: unknown): boolean => Number.isInteger(value) && value === (value as number) >> 0;

const TYPES: Record<string, Test> = {
  double: (value) => typeof value === 'number' && !isInt32(value),
  string: (value) => typeof value === 'string',
  object: isDocument,
  array: Array.isArray,
  binData: (value) => bsonType(value) === 'Binary',
  objectId: (value) => bsonType(value) === 'ObjectId',
  bool: (value) => typeof value === 'boolean',
  date: (value) => value instanceof Date,
  null: (value) => value === null,
  regex: (value) => value instanceof RegExp,
  int: isInt32,
  number: (value) => typeof value === 'number',
};
const TYPE_NUMBERS: Record<number, string> = {
  1: 'double',
  2: 'string',
  3: 'object',
  4: 'array',
  5: 'binData',
  7: 'objectId',
  8: 'bool',
  9: 'date',
  10: 'null',
  11: 'regex',
  16: 'int',
};

function typeTest(type: unknown): Test {
  const test = TYPES[typeof type === 'number' ? (TYPE_NUMBERS[type] ?? '') : String(type)];
  if (test) return test;
  throw new CommandError('BadValue', `unknown type in $type: ${String(type)}`);
}

function modulo(value: unknown): Test {
  const [divisor, rest] = list('$mod', value);
  return (candidate) => typeof candidate === 'number' && Math.trunc(candidate) % Number(divisor) === Number(rest);
}

export const QUERY_OPERATORS = {
  $eq: (selector, value) => onValues(selector, equals(value)),
  $ne: (selector, value) => not(onValues(selector, equals(value))),
  $in: (selector, value) => onValues(selector, isOneOf('$in', value)),
  $nin: (selector, value) => not(onValues(selector, isOneOf('$nin', value))),
  $gt: (selector, value) =>
    onValues(
      selector,
      within(value, (order) => order > 0),
    ),
  $gte: (selector, value) =>
    onValues(
      selector,
      within(value, (order) => order >= 0),
    ),
  $lt: (selector, value) =>
    onValues(
      selector,
      within(value, (order) => order < 0),
    ),
  $lte: (selector, value) =>
    onValues(
      selector,
      within(value, (order) => order <= 0),
    ),
  $regex: (selector, value: RegExp) =>
    onValues(selector, (candidate) => typeof candidate === 'string' && value.test(candidate)),
  $exists: (selector, value) => {
    const present = onWhole(selector, (leaf) => leaf !== undefined);
    return value ? present : not(present);
  },
  $type: (selector, value: unknown) => {
    const tests = (Array.isArray(value) ? value : [value]).map(typeTest);
    return onValues(selector, (candidate) => tests.some((test) => test(candidate)));
  },
  $size: (selector, value) => onWhole(selector, (leaf) => Array.isArray(leaf) && leaf.length === value),
  $mod: (selector, value) => onValues(selector, modulo(value)),
  $all: all,
  $elemMatch: (selector, value, options) => onWhole(selector, matchesElement(value, options)),
} satisfies Record<string, Operator>;
