import { CommandError } from '../errors.ts';
import { CollectionIndex } from '../index/collection-index.ts';
import { choosePlan, type Plan } from '../index/plan.ts';
import { ID_INDEX, type IndexSpecification, isPresent } from '../index/specification.ts';
import { compileFilter } from '../query/language.ts';
import { type SortSpec, sortBy } from '../query/sort.ts';
import type { Doc } from '../values/document.ts';

export interface Entry {
  record: number;
  document: Doc;
}

export interface Selection {
  filter: Doc;
  sort?: SortSpec;
  skip?: number;
  /** 0 or absent: no limit. */
  limit?: number;
}

/** Where a collection puts its documents for good; undefined takes one away. Called before memory changes: it may refuse. */
export type Persist = (record: number, document: Doc | undefined) => void;

/**
 * One collection in memory with its indexes. Every method runs to its end without a pause, so each is atomic; each
 * either does all or throws before it changed anything. Documents are replaced, never changed in place.
 */
export class Collection {
  readonly namespace: string;
  readonly number: number;
  readonly #records = new Map<number, Doc>();
  readonly #persist: Persist;
  #indexes = [new CollectionIndex(ID_INDEX)];
  #nextRecord = 1;

  constructor(namespace: string, number: number, persist: Persist) {
    this.namespace = namespace;
    this.number = number;
    this.#persist = persist;
  }

  get size(): number {
    return this.#records.size;
  }

  get specifications(): IndexSpecification[] {
    return this.#indexes.map((index) => index.specification);
  }

  /** Takes in a document that is already stored. */
  load(record: number, document: Doc): void {
    for (const index of this.#indexes) index.add(index.keysOf(document), record);
    this.#records.set(record, document);
    this.#nextRecord = Math.max(this.#nextRecord, record + 1);
  }

  /** Throws DuplicateKey. The document needs an `_id`. */
  insert(document: Doc): void {
    const additions = this.#indexes.map((index) => ({ index, keys: index.keysOf(document) }));
    for (const { index, keys } of additions) index.checkUnique(keys, this.namespace);
    const record = this.#nextRecord;
    this.#persist(record, document);
    for (const { index, keys } of additions) index.add(keys, record);
    this.#records.set(record, document);
    this.#nextRecord++;
  }

  /** Throws DuplicateKey. The `_id` must be the old one. */
  replace(record: number, document: Doc): void {
    const old = this.#get(record);
    const moves = this.#indexes
      .map((index) => ({ index, from: index.keysOf(old), to: index.keysOf(document) }))
      .filter(({ index, from, to }) => !index.sameKeys(from, to));
    for (const { index, to } of moves) index.checkUnique(to, this.namespace, record);
    this.#persist(record, document);
    for (const { index, from, to } of moves) {
      index.remove(from, record);
      index.add(to, record);
    }
    this.#records.set(record, document);
  }

  remove(record: number): void {
    const old = this.#get(record);
    for (const index of this.#indexes) index.remove(index.keysOf(old), record);
    this.#records.delete(record);
    this.#persist(record, undefined);
  }

  clear(): void {
    for (const record of this.#records.keys()) this.#persist(record, undefined);
    this.#records.clear();
  }

  /** The documents that fit, in the wanted order; as few are looked at as the indexes allow. */
  select({ filter, sort = [], skip = 0, limit = 0 }: Selection): Entry[] {
    const matches = compileFilter(filter);
    const plan = choosePlan(this.#indexes, filter, sort);
    const ordered = sort.length === 0 || plan?.ordered === true;
    const wanted = ordered && limit > 0 ? skip + limit : Number.POSITIVE_INFINITY;
    const found: Entry[] = [];
    for (const entry of this.#candidates(plan)) {
      if (found.length >= wanted) break;
      if (matches(entry.document)) found.push(entry);
    }
    const all = ordered ? found : sortBy(found, sort, (entry) => entry.document);
    return skip === 0 && all.length <= (limit || all.length)
      ? all
      : all.slice(skip, limit > 0 ? skip + limit : undefined);
  }

  /** Adds an index over what is there. Returns false when it exists. Throws DuplicateKey and the conflicts of `isPresent`. */
  createIndex(specification: IndexSpecification): boolean {
    if (isPresent(specification, this.specifications)) return false;
    const index = new CollectionIndex(specification);
    for (const [record, document] of this.#records) {
      const keys = index.keysOf(document);
      index.checkUnique(keys, this.namespace);
      index.add(keys, record);
    }
    this.#indexes.push(index);
    return true;
  }

  /** Throws IndexNotFound, and InvalidOptions for the index of `_id`. */
  dropIndex(name: string): void {
    if (name === ID_INDEX.name) throw new CommandError('InvalidOptions', 'cannot drop the index of _id');
    const rest = this.#indexes.filter((index) => index.specification.name !== name);
    if (rest.length === this.#indexes.length)
      throw new CommandError('IndexNotFound', `index not found with name [${name}]`);
    this.#indexes = rest;
  }

  /** Records whose date in the index is at or before `latest`. */
  expired(name: string, latest: Date): number[] {
    const index = this.#indexes.find(({ specification }) => specification.name === name);
    if (index === undefined) return [];
    return [...new Set(index.scan({ leading: [], low: new Date(-8.64e15), high: latest }))];
  }

  *#candidates(plan: Plan | undefined): Generator<Entry> {
    if (plan === undefined) {
      for (const [record, document] of this.#records) yield { record, document };
      return;
    }
    const seen = plan.index.multikey ? new Set<number>() : undefined;
    for (const range of plan.ranges) {
      for (const record of plan.index.scan(range, plan.reversed)) {
        if (seen?.has(record)) continue;
        seen?.add(record);
        yield { record, document: this.#get(record) };
      }
    }
  }

  #get(record: number): Doc {
    const document = this.#records.get(record);
    if (document === undefined)
      throw new CommandError('InternalError', `record ${record} of ${this.namespace} is gone`);
    return document;
  }
}
