import { CommandError } from '../errors.ts';
import { compileFilter } from '../query/language.ts';
import type { Direction } from '../query/sort.ts';
import { compareValues } from '../values/compare.ts';
import { type Doc, isDocument } from '../values/document.ts';
import { elementsAt } from '../values/path.ts';
import { SortedList } from './sorted.ts';
import { ID_INDEX, type IndexSpecification } from './specification.ts';

interface Entry {
  key: readonly unknown[];
  record: number;
}

/** A range over an index: exact values of the leading fields, then bounds (inclusive) on the next field. */
export interface IndexRange {
  leading: readonly unknown[];
  low?: unknown;
  high?: unknown;
}

/** One index in memory: sorted keys that lead to records. A missing field is null; an array has a key per element. */
export class CollectionIndex {
  readonly specification: IndexSpecification;
  readonly fields: ReadonlyArray<{ name: string; parts: string[]; direction: Direction }>;
  readonly unique: boolean;
  /** True once a document had several keys: then the order of the index is not the order of the documents. */
  multikey = false;
  readonly #entries: SortedList<Entry>;
  readonly #covers: (document: Doc) => boolean;

  constructor(specification: IndexSpecification) {
    this.specification = specification;
    this.fields = Object.entries(specification.key).map(([name, direction]) => ({
      name,
      parts: name.split('.'),
      direction,
    }));
    this.unique = specification.unique === true || specification.name === ID_INDEX.name;
    this.#entries = new SortedList((left, right) => this.#compare(left.key, right.key) || left.record - right.record);
    this.#covers = compileFilter(specification.partialFilterExpression ?? {});
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The keys of a document: none when the index is partial or sparse and does not cover it. */
  keysOf(document: Doc): unknown[][] {
    if (!this.#covers(document)) return [];
    if (this.specification.name === ID_INDEX.name) return [[document._id]];
    let present = false;
    let keys: unknown[][] = [[]];
    for (const { parts } of this.fields) {
      const values = elementsAt(document, parts);
      present ||= values.some((value) => value !== undefined);
      const known = values.length === 0 ? [null] : values.map((value) => value ?? null);
      keys =
        known.length === 1
          ? keys.map((key) => [...key, known[0]])
          : keys.flatMap((key) => known.map((value) => [...key, value]));
    }
    return this.specification.sparse && !present ? [] : this.#distinct(keys);
  }

  /** Throws DuplicateKey when another record than `own` has one of the keys of a unique index. */
  checkUnique(keys: unknown[][], namespace: string, own?: number): void {
    if (!this.unique) return;
    for (const key of keys) {
      for (const record of this.scan({ leading: key })) {
        if (record !== own) throw this.#duplicate(key, namespace);
      }
    }
  }

  add(keys: unknown[][], record: number): void {
    if (keys.length > 1) this.multikey = true;
    for (const key of keys) this.#entries.add({ key, record });
  }

  remove(keys: unknown[][], record: number): void {
    for (const key of keys) this.#entries.remove({ key, record });
  }

  sameKeys(left: unknown[][], right: unknown[][]): boolean {
    return (
      left.length === right.length &&
      left.every((key, position) => this.#compare(key, right[position] as unknown[]) === 0)
    );
  }

  /** The records of a range in the order of the index; a record with several keys comes several times. */
  *scan({ leading, low, high }: IndexRange, reversed = false): Generator<number> {
    const descending = this.fields[leading.length]?.direction === -1;
    const [first, last] = descending ? [high, low] : [low, high];
    const from = first === undefined ? leading : [...leading, first];
    const to = last === undefined ? leading : [...leading, last];
    const below = (entry: Entry) => this.#compare(entry.key, from) < 0;
    const above = (entry: Entry) => this.#compare(entry.key, to) > 0;
    const entries = reversed ? this.#entries.betweenReversed(below, above) : this.#entries.between(below, above);
    for (const entry of entries) yield entry.record;
  }

  /** Compares as many fields as both have, so that a shorter key stands for all that begin with it. */
  #compare(left: readonly unknown[], right: readonly unknown[]): number {
    const length = Math.min(left.length, right.length);
    for (let position = 0; position < length; position++) {
      const order = compareValues(left[position], right[position]);
      if (order !== 0) return this.fields[position]?.direction === -1 ? -order : order;
    }
    return 0;
  }

  #distinct(keys: unknown[][]): unknown[][] {
    if (keys.length === 1) return keys;
    const sorted = keys.sort((left, right) => this.#compare(left, right));
    return sorted.filter(
      (key, position) => position === 0 || this.#compare(key, sorted[position - 1] as unknown[]) !== 0,
    );
  }

  #duplicate(key: unknown[], namespace: string): CommandError {
    const keyValue = Object.fromEntries(this.fields.map(({ name }, position) => [name, key[position]]));
    const shown = Object.entries(keyValue).map(([name, value]) => `${name}: ${show(value)}`);
    const message = `E11000 duplicate key error collection: ${namespace} index: ${this.specification.name} dup key: { ${shown.join(', ')} }`;
    return new CommandError('DuplicateKey', message, { keyPattern: this.specification.key, keyValue });
  }
}

function show(value: unknown): string {
  return isDocument(value) || Array.isArray(value) || typeof value === 'string' ? JSON.stringify(value) : String(value);
}
