import { Binary, ObjectId } from 'bson';
import { describe, expect, it } from 'vitest';
import { CommandError, toCommandError } from '../errors.ts';
import type { Doc } from '../values/document.ts';
import { compileFilter } from './language.ts';

const id = (number: number) => new ObjectId(String(number).padStart(24, '0'));
const bytes = (...values: number[]) => new Binary(Uint8Array.from(values));
const day = (number: number) => new Date(Date.UTC(2026, 0, number));

/** Filter, documents that fit, documents that do not. */
const CASES: ReadonlyArray<[Doc, Doc[], Doc[]]> = [
  [{ a: 1 }, [{ a: 1 }, { a: [2, 1] }], [{ a: 2 }, {}, { a: '1' }, { a: [[1]] }]],
  [{ a: null }, [{ a: null }, {}, { a: [1, null] }], [{ a: 0 }, { a: [] }, { a: false }]],
  [{ a: { $ne: null } }, [{ a: 0 }, { a: [] }], [{}, { a: null }]],
  [{ 'a.b': null }, [{ a: {} }, {}, { a: 5 }, { a: [{ b: 1 }, {}] }], [{ a: { b: 1 } }, { a: [{ b: 1 }] }]],
  [{ a: { $exists: true } }, [{ a: null }, { a: 0 }], [{}]],
  [{ a: { $exists: false } }, [{}], [{ a: null }]],
  [{ 'a.b': { $exists: true } }, [{ a: [{}, { b: 1 }] }], [{ a: [{}] }, { a: [] }]],
  [{ a: id(1) }, [{ a: id(1) }, { a: [id(2), id(1)] }], [{ a: id(2) }, { a: String(id(1)) }]],
  [{ a: { $gt: id(1) } }, [{ a: id(2) }], [{ a: id(1) }, { a: 5 }, {}]],
  [{ a: { $in: [id(1), id(3)] } }, [{ a: id(3) }], [{ a: id(2) }]],
  [{ a: { $in: [null, 1] } }, [{}, { a: null }, { a: 1 }], [{ a: 2 }]],
  [{ a: { $in: [/^x/, 'y'] } }, [{ a: 'xx' }, { a: 'y' }, { a: ['z', 'x'] }], [{ a: 'yy' }, { a: 1 }]],
  [{ a: { $nin: [1, null] } }, [{ a: 2 }, { a: [] }], [{}, { a: [1] }]],
  [{ a: bytes(254) }, [{ a: bytes(254) }], [{ a: bytes(255) }]],
  [{ a: { $ne: bytes(254) } }, [{ a: bytes(255) }], [{ a: bytes(254) }]],
  [{ a: { $gte: day(2), $lt: day(4) } }, [{ a: day(2) }, { a: day(3) }], [{ a: day(4) }, { a: null }, {}, { a: 1e15 }]],
  [{ a: { $lt: 5 } }, [{ a: 4 }, { a: [9, 1] }], [{ a: null }, {}, { a: 'x' }, { a: Number.NaN }, { a: day(1) }]],
  [{ a: { $lte: null } }, [{ a: null }, {}], [{ a: 0 }]],
  [{ a: { $gt: 'b' } }, [{ a: 'c' }], [{ a: 'B' }, { a: 3 }]],
  [{ a: { $gt: 1, $lt: 3 } }, [{ a: 2 }, { a: [0, 5] }], [{ a: 1 }, { a: [0] }]],
  [{ a: { $elemMatch: { $gt: 1, $lt: 3 } } }, [{ a: [0, 2] }], [{ a: [0, 5] }, { a: 2 }]],
  [
    { a: { $elemMatch: { b: 1, c: { $ne: 2 } } } },
    [{ a: [{ b: 1 }] }],
    [{ a: [{ b: 1, c: 2 }, { b: 2 }] }, { a: { b: 1 } }],
  ],
  [{ a: { $elemMatch: { $or: [{ b: 1 }, { c: 1 }] } } }, [{ a: [{ c: 1 }] }], [{ a: [{ c: 2 }] }]],
  [{ 'a.b': 1, 'a.c': 2 }, [{ a: [{ b: 1 }, { c: 2 }] }], [{ a: [{ b: 1, c: 1 }] }]],
  [{ 'a.0': 1 }, [{ a: [1, 2] }, { a: { 0: 1 } }], [{ a: [2, 1] }]],
  [{ 'a.1.b': 1 }, [{ a: [{}, { b: 1 }] }], [{ a: [{ b: 1 }] }]],
  [{ a: { b: 1, c: 2 } }, [{ a: { b: 1, c: 2 } }], [{ a: { c: 2, b: 1 } }, { a: { b: 1 } }]],
  [{ a: [1, 2] }, [{ a: [1, 2] }, { a: [[1, 2]] }], [{ a: [2, 1] }, { a: 1 }]],
  [{ a: [] }, [{ a: [] }, { a: [[]] }], [{}, { a: [1] }]],
  [{ a: { $size: 2 } }, [{ a: [1, 2] }], [{ a: [1] }, { a: 2 }, {}]],
  [{ a: { $all: [1, 2] } }, [{ a: [2, 1, 3] }], [{ a: [1] }, { a: 1 }]],
  [{ a: { $all: [{ $elemMatch: { b: 1 } }] } }, [{ a: [{ b: 1 }] }], [{ a: [{ b: 2 }] }]],
  [{ a: /^ab/i }, [{ a: 'ABC' }, { a: ['x', 'ab'] }], [{ a: 'xab' }, { a: 1 }]],
  [{ a: { $regex: '^ab', $options: 'i' } }, [{ a: 'ABC' }], [{ a: 'b' }]],
  [{ a: { $not: { $gt: 1 } } }, [{ a: 1 }, {}, { a: 'x' }], [{ a: 2 }, { a: [0, 2] }]],
  [{ a: { $not: /x/ } }, [{ a: 'y' }, {}], [{ a: 'x' }]],
  [{ a: { $type: 'objectId' } }, [{ a: id(1) }], [{ a: 'x' }]],
  [{ a: { $type: ['string', 'date', 5] } }, [{ a: 'x' }, { a: day(1) }, { a: bytes(1) }], [{ a: 1 }, {}]],
  [{ a: { $mod: [4, 1] } }, [{ a: 5 }, { a: 1 }], [{ a: 4 }, { a: 'x' }]],
  [{ $or: [{ a: 1 }, { b: 1 }] }, [{ b: 1 }], [{ a: 2 }]],
  [{ $nor: [{ a: 1 }, { b: 1 }] }, [{}], [{ b: 1 }]],
  [{ $and: [{ a: { $gt: 1 } }, { a: { $lt: 3 } }] }, [{ a: 2 }], [{ a: 3 }]],
  [{ $expr: { $gt: ['$a', '$b'] } }, [{ a: 2, b: 1 }, { a: 2 }, { a: day(2), b: day(1) }], [{ a: 1, b: 1 }, { b: 1 }]],
  [{ $expr: { $eq: ['$a', id(1)] } }, [{ a: id(1) }], [{ a: [id(1)] }, {}]],
  [{ $expr: { $in: ['$a', [1, 2]] } }, [{ a: 1 }], [{ a: [1] }]],
  [{ 'constructor.name': 'Object' }, [], [{}]],
];

describe('compileFilter', () => {
  it.each(CASES.map(([filter, fits, others]) => ({ filter, fits, others })))('$filter', ({ filter, fits, others }) => {
    const matches = compileFilter(filter);
    for (const document of fits) expect([document, matches(document)]).toEqual([document, true]);
    for (const document of others) expect([document, matches(document)]).toEqual([document, false]);
  });

  it.each([
    [{ a: { $frob: 1 } }, '$frob'],
    [{ $frob: 1 }, '$frob'],
    [{ $where: 'true' }, '$where'],
    [{ a: { $not: { $near: 1 } } }, '$near'],
    [{ $or: [{ a: { $geoWithin: 1 } }] }, '$geoWithin'],
    [{ a: { $elemMatch: { b: { $text: 1 } } } }, '$text'],
    [{ a: { $in: 1 } }, '$in'],
    [{ a: { $type: 'decimal' } }, 'decimal'],
  ])('refuses %j by name before it sees a document', (filter, name) => {
    let caught: unknown;
    try {
      compileFilter(filter);
    } catch (cause) {
      caught = toCommandError(cause);
    }
    expect(caught).toBeInstanceOf(CommandError);
    expect(caught).toMatchObject({
      codeName: expect.stringMatching(/BadValue|FailedToParse/),
      message: expect.stringContaining(name),
    });
  });
});
