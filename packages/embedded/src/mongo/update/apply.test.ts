import { Binary, ObjectId, serialize } from 'bson';
import { describe, expect, it } from 'vitest';
import { toCommandError } from '../errors.ts';
import type { Doc } from '../values/document.ts';
import { ingest } from '../values/ingest.ts';
import { applyUpdate, type Update } from './apply.ts';
import { upsertDocument } from './upsert.ts';

const apply = (document: Doc, update: Update, filter: Doc = {}, arrayFilters: Doc[] = []) =>
  applyUpdate(document, update, { filter, arrayFilters, inserting: false });

const CASES: ReadonlyArray<[string, Doc, Update, Doc]> = [
  ['sets nested fields', { a: { b: 1 } }, { $set: { 'a.c.d': 2, e: null } }, { a: { b: 1, c: { d: 2 } }, e: null }],
  ['sets an element by number', { a: [1, 2] }, { $set: { 'a.1': 9 } }, { a: [1, 9] }],
  ['replaces', { _id: 1, a: 1 }, { b: 2 }, { _id: 1, b: 2 }],
  ['unsets', { a: 1, b: { c: 1, d: 1 } }, { $unset: { a: 1, 'b.c': 1, x: 1 } }, { b: { d: 1 } }],
  ['increments, also from nothing', { a: 1 }, { $inc: { a: -2, 'b.c': 3 } }, { a: -1, b: { c: 3 } }],
  ['multiplies', { a: 3 }, { $mul: { a: 2, b: 5 } }, { a: 6, b: 0 }],
  ['takes the smaller and the larger', { a: 3, b: 3 }, { $min: { a: 2, c: 1 }, $max: { b: 9 } }, { a: 2, b: 9, c: 1 }],
  ['pushes one and several', { a: [1] }, { $push: { a: 2, b: 3 } }, { a: [1, 2], b: [3] }],
  [
    'pushes, sorts and keeps the last',
    { a: [3] },
    { $push: { a: { $each: [1, 2], $sort: 1, $slice: -2 } } },
    { a: [2, 3] },
  ],
  ['keeps the last also of a new array', {}, { $push: { a: { $each: [1, 2, 3], $slice: -2 } } }, { a: [2, 3] }],
  [
    'keeps the last also of a new nested array',
    {},
    { $push: { 'x.a': { $each: [1, 2, 3], $slice: -2 } } },
    { x: { a: [2, 3] } },
  ],
  ['pushes at a position', { a: [1, 2] }, { $push: { a: { $each: [9], $position: 0 } } }, { a: [9, 1, 2] }],
  ['adds to a set', { a: [1, { b: 1 }] }, { $addToSet: { a: { $each: [1, 2, { b: 1 }] } } }, { a: [1, { b: 1 }, 2] }],
  [
    'pulls by value, condition and fields',
    { a: [1, 2], b: [1, 5], c: [{ d: 1 }, { d: 2 }] },
    { $pull: { a: 1, b: { $gt: 3 }, c: { d: 1 } } },
    { a: [2], b: [1], c: [{ d: 2 }] },
  ],
  ['pulls all', { a: [1, 2, 1, 3] }, { $pullAll: { a: [1, 3] } }, { a: [2] }],
  ['pops', { a: [1, 2, 3] }, { $pop: { a: 1 } }, { a: [1, 2] }],
  ['renames', { a: 1 }, { $rename: { a: 'b' } }, { b: 1 }],
  ['passes over $setOnInsert', { a: 1 }, { $setOnInsert: { b: 1 } }, { a: 1 }],
  ['passes over an empty operator', { a: 1 }, { $set: {} }, { a: 1 }],
];

describe('applyUpdate', () => {
  it.each(CASES)('%s', (_name, document, update, expected) => {
    const before = structuredClone(document);
    expect(apply(document, update)).toEqual(expected);
    expect(document).toEqual(before);
  });

  it('changes the element that fitted the filter, all elements, or those that fit a filter of elements', () => {
    const document = {
      runs: [
        { id: 'a', n: 1 },
        { id: 'b', n: 1 },
        { id: 'c', n: 5 },
      ],
    };
    expect(apply(document, { $set: { 'runs.$.n': 2 } }, { 'runs.id': 'b' })).toMatchObject({
      runs: [{ n: 1 }, { n: 2 }, { n: 5 }],
    });
    expect(apply(document, { $set: { 'runs.$.n': 2 } }, { runs: { $elemMatch: { id: 'c' } } })).toMatchObject({
      runs: [{ n: 1 }, { n: 1 }, { n: 2 }],
    });
    expect(apply(document, { $inc: { 'runs.$[].n': 1 } })).toMatchObject({ runs: [{ n: 2 }, { n: 2 }, { n: 6 }] });
    expect(apply(document, { $inc: { 'runs.$[x].n': 1 } }, {}, [{ 'x.n': { $lt: 3 } }])).toMatchObject({
      runs: [{ n: 2 }, { n: 2 }, { n: 5 }],
    });
  });

  it('sees a change of bytes that are no UTF-8, and of ids', () => {
    const binary = (byte: number) => ingest(serialize({ x: new Binary(Uint8Array.of(byte)) })).x;
    const changed = apply({ a: binary(254) }, { $set: { a: binary(255) } });
    expect((changed.a as Binary).value()[0]).toBe(255);
    const id = new ObjectId();
    expect(apply({ a: new ObjectId() }, { $set: { a: id } }).a).toEqual(id);
  });

  it('computes with dates, arrays and conditions in a pipeline', () => {
    const document = { at: new Date(1000), list: [1, 2], keep: { a: 1 } };
    const update = [
      {
        $set: {
          at: { $add: ['$at', 500] },
          'keep.b': { $size: '$list' },
          late: { $cond: [{ $gt: ['$at', new Date(0)] }, true, false] },
        },
      },
      { $set: { list: { $slice: [{ $concatArrays: ['$list', ['$keep.b']] }, -2] } } },
      { $unset: ['none'] },
    ];
    expect(apply(document, update)).toEqual({ at: new Date(1500), list: [2, 2], keep: { a: 1, b: 2 }, late: true });
    expect(document).toEqual({ at: new Date(1000), list: [1, 2], keep: { a: 1 } });
  });

  it.each<[string, Doc, Update, string]>([
    ['a change of _id', { _id: 1 }, { $set: { _id: 2 } }, 'ImmutableField'],
    ['a change of _id by a pipeline', { _id: 1 }, [{ $set: { _id: 2 } }], 'ImmutableField'],
    ['an unknown operator', { _id: 1 }, { $frob: { a: 1 } }, 'FailedToParse'],
    ['an unknown stage', { _id: 1 }, [{ $match: { a: 1 } }], 'FailedToParse'],
    ['an unknown expression', { _id: 1 }, [{ $set: { a: { $frob: 1 } } }], 'BadValue'],
    ['a mix of operators and fields', { _id: 1 }, { $set: { a: 1 }, b: 1 }, 'DollarPrefixedFieldName'],
    ['two changes of one place', { _id: 1 }, { $set: { a: 1 }, $inc: { 'a.b': 1 } }, 'ConflictingUpdateOperators'],
    ['$inc of text', { _id: 1, a: 'x' }, { $inc: { a: 1 } }, 'TypeMismatch'],
    ['$push to a number', { _id: 1, a: 1 }, { $push: { a: 1 } }, 'TypeMismatch'],
    ['a field inside text', { _id: 1, a: 'x' }, { $set: { 'a.b': 1 } }, 'PathNotViable'],
    ['a field inside null', { _id: 1, a: null }, { $set: { 'a.b': 1 } }, 'PathNotViable'],
    ['code', { _id: 1 }, [{ $set: { a: { $function: { body: '1', args: [], lang: 'js' } } } }], 'BadValue'],
  ])('refuses %s', (_name, document, update, codeName) => {
    let caught: unknown;
    try {
      apply(document, update);
    } catch (cause) {
      caught = toCommandError(cause);
    }
    expect(caught).toMatchObject({ codeName });
  });
});

describe('upsertDocument', () => {
  it('begins with the equalities of the filter', () => {
    const filter = { _id: 'x', a: { $eq: 1 }, 'b.c': 2, d: { $gt: 5 }, $and: [{ e: 3 }], $or: [{ f: 1 }], g: /x/ };
    expect(upsertDocument(filter, { $set: { h: 1 }, $setOnInsert: { i: 2 } }, [])).toEqual({
      _id: 'x',
      a: 1,
      b: { c: 2 },
      e: 3,
      h: 1,
      i: 2,
    });
  });

  it('takes only _id into a replacement, and the _id of $setOnInsert', () => {
    expect(upsertDocument({ _id: 'x', a: 1 }, { b: 1 }, [])).toEqual({ _id: 'x', b: 1 });
    expect(upsertDocument({ a: 1 }, { $setOnInsert: { _id: 'y' } }, [])).toEqual({ _id: 'y', a: 1 });
    expect(upsertDocument({ a: 1 }, { $set: { b: 1 } }, [])._id).toBeInstanceOf(ObjectId);
  });
});
