import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIndex } from '../index/specification.ts';
import { compileFilter } from '../query/language.ts';
import { parseSort, sortBy } from '../query/sort.ts';
import { compareValues } from '../values/compare.ts';
import type { Doc } from '../values/document.ts';
import { Collection } from './collection.ts';

const make = (...indexes: Doc[]) => {
  const collection = new Collection('agon.jobs', 1, () => undefined);
  for (const index of indexes) collection.createIndex(parseIndex(index));
  return collection;
};

const scalar = fc.constantFrom<unknown>(null, 0, 1, 2, 'x', 'y', true, new Date(0), new Date(1));
const field = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 2 }),
  fc.record({ c: scalar }),
  fc.array(fc.record({ c: scalar }), { maxLength: 2 }),
);
const document = fc.record({ a: field, b: field, d: scalar }, { requiredKeys: [] });
const condition = fc.oneof(
  scalar,
  fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $gt: scalar }),
  fc.record({ $gte: scalar, $lt: scalar }),
  fc.record({ $lte: scalar }),
  fc.record({ $ne: scalar }),
  fc.record({ $exists: fc.boolean() }),
);
const filter = fc.record({ a: condition, b: condition, 'a.c': condition, d: condition }, { requiredKeys: [] });
const direction = fc.constantFrom(1, -1);
const sort = fc.record({ a: direction, b: direction, d: direction }, { requiredKeys: [] });
const indexes = fc.uniqueArray(
  fc.record({
    key: fc.constantFrom<Doc>({ a: 1 }, { a: -1, b: 1 }, { b: 1, d: -1 }, { 'a.c': 1 }, { d: 1, a: 1 }, { d: -1 }),
    sparse: fc.boolean(),
    partialFilterExpression: fc.constantFrom<Doc | undefined>(undefined, { d: 1 }),
  }),
  { maxLength: 4, selector: ({ key }) => JSON.stringify(key) },
);

/** Puts a document where another may be, or takes it away, in the collection and in the model. */
function step(collection: Collection, model: Map<number, Doc>, at: number, next: Doc | undefined): void {
  const [entry] = collection.select({ filter: { _id: at } });
  if (entry && next) collection.replace(entry.record, next);
  else if (entry) collection.remove(entry.record);
  else if (next) collection.insert(next);
  if (next) model.set(at, next);
  else model.delete(at);
}

describe('select', () => {
  it('finds with any indexes what a scan finds, in the wanted order', () => {
    fc.assert(
      fc.property(
        fc.array(document, { maxLength: 25 }),
        indexes,
        filter,
        sort,
        (documents, specifications, wanted, order) => {
          const collection = make(
            ...specifications.map(({ partialFilterExpression, ...rest }) =>
              partialFilterExpression ? { ...rest, partialFilterExpression } : rest,
            ),
          );
          const all = documents.map((one, _id) => ({ _id, ...one }));
          for (const one of all) collection.insert(one);
          const found = collection.select({ filter: wanted, sort: parseSort(order) }).map((entry) => entry.document);
          const expected = all.filter(compileFilter(wanted));
          expect(found.map(({ _id }) => _id).sort()).toEqual(expected.map(({ _id }) => _id).sort());
          const again = sortBy(found, parseSort(order), (one) => one);
          expect(again).toEqual(found);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('keeps its indexes right through changes and removals', () => {
    const changes = fc.array(fc.record({ at: fc.nat({ max: 9 }), next: fc.option(document, { nil: undefined }) }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(indexes, changes, filter, (specifications, steps, wanted) => {
        const collection = make(...specifications.map(({ key, sparse }) => ({ key, sparse })));
        const model = new Map<number, Doc>();
        for (const { at, next } of steps) step(collection, model, at, next && { _id: at, ...next });
        const found = collection.select({ filter: wanted }).map((entry) => entry.document);
        const expected = [...model.values()].filter(compileFilter(wanted));
        const byId = (left: Doc, right: Doc) => compareValues(left._id, right._id);
        expect(found.sort(byId)).toEqual(expected.sort(byId));
      }),
      { numRuns: 500 },
    );
  });

  it('skips and limits', () => {
    const collection = make({ key: { n: 1 } });
    for (let n = 0; n < 10; n++) collection.insert({ _id: n, n: 9 - n });
    const ids = (selection: object) =>
      collection.select({ filter: {}, ...selection }).map((entry) => entry.document._id);
    expect(ids({ sort: parseSort({ n: 1 }), skip: 2, limit: 3 })).toEqual([7, 6, 5]);
    expect(ids({ skip: 8 })).toEqual([8, 9]);
    expect(ids({ limit: 1 })).toEqual([0]);
    expect(ids({ skip: 20, limit: 1 })).toEqual([]);
  });
});

describe('unique indexes', () => {
  const duplicate = expect.objectContaining({ codeName: 'DuplicateKey' });
  const attempt = (run: () => void) => {
    try {
      run();
      return 'done';
    } catch (cause) {
      return cause;
    }
  };

  it('lets a document keep its own key and refuses that of another, changing nothing', () => {
    const collection = make({ key: { n: 1 }, unique: true });
    collection.insert({ _id: 1, n: 1 });
    collection.insert({ _id: 2, n: 2 });
    const [entry] = collection.select({ filter: { _id: 2 } });
    expect(attempt(() => collection.replace(entry!.record, { _id: 2, n: 2, x: 1 }))).toBe('done');
    expect(attempt(() => collection.replace(entry!.record, { _id: 2, n: 1 }))).toEqual(duplicate);
    expect(attempt(() => collection.insert({ _id: 3, n: 2 }))).toEqual(duplicate);
    expect(collection.select({ filter: { n: 2 } })).toMatchObject([{ document: { _id: 2, x: 1 } }]);
    expect(collection.size).toBe(2);
  });

  it('takes missing as null, unless it is sparse', () => {
    const plain = make({ key: { n: 1 }, unique: true });
    plain.insert({ _id: 1 });
    expect(attempt(() => plain.insert({ _id: 2, n: null }))).toEqual(duplicate);
    const sparse = make({ key: { n: 1 }, unique: true, sparse: true });
    sparse.insert({ _id: 1 });
    expect(attempt(() => sparse.insert({ _id: 2 }))).toBe('done');
    sparse.insert({ _id: 3, n: null });
    expect(attempt(() => sparse.insert({ _id: 4, n: null }))).toEqual(duplicate);
  });

  it('holds for each element of an array, and not inside one document', () => {
    const collection = make({ key: { tags: 1 }, unique: true });
    expect(attempt(() => collection.insert({ _id: 1, tags: ['x', 'y', 'x'] }))).toBe('done');
    expect(attempt(() => collection.insert({ _id: 2, tags: 'y' }))).toEqual(duplicate);
  });

  it('holds for a compound key only as a whole', () => {
    const collection = make({ key: { job: 1, seat: 1 }, unique: true });
    collection.insert({ _id: 1, job: 'a', seat: 1 });
    expect(attempt(() => collection.insert({ _id: 2, job: 'a', seat: 2 }))).toBe('done');
    expect(attempt(() => collection.insert({ _id: 3, job: 'a', seat: 1 }))).toMatchObject({
      details: { keyPattern: { job: 1, seat: 1 }, keyValue: { job: 'a', seat: 1 } },
      message: expect.stringContaining('E11000 duplicate key error collection: agon.jobs index: job_1_seat_1'),
    });
  });

  it('holds when a change brings a document under a partial index', () => {
    const collection = make({
      key: { owner: 1 },
      unique: true,
      partialFilterExpression: { status: { $in: ['leased', 'running'] } },
    });
    for (const _id of [1, 2]) collection.insert({ _id, owner: 'o', status: 'queued' });
    const records = collection.select({ filter: {} }).map(({ record }) => record);
    expect(attempt(() => collection.replace(records[0]!, { _id: 1, owner: 'o', status: 'leased' }))).toBe('done');
    expect(attempt(() => collection.replace(records[1]!, { _id: 2, owner: 'o', status: 'running' }))).toEqual(
      duplicate,
    );
    expect(attempt(() => collection.replace(records[0]!, { _id: 1, owner: 'o', status: 'done' }))).toBe('done');
    expect(attempt(() => collection.replace(records[1]!, { _id: 2, owner: 'o', status: 'running' }))).toBe('done');
  });
});
