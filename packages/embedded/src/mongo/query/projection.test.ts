import { expect, it } from 'vitest';
import type { Doc } from '../values/document.ts';
import { compileProjection } from './projection.ts';

const document = { _id: 1, a: 1, b: { c: 2, d: 3 }, e: [{ f: 1, g: 2 }, { g: 3 }, 4] };

it.each<[Doc, Doc]>([
  [{}, document],
  [{ a: 1 }, { _id: 1, a: 1 }],
  [{ a: 1, _id: 0 }, { a: 1 }],
  [{ _id: 1 }, { _id: 1 }],
  [{ _id: 0 }, { a: 1, b: document.b, e: document.e }],
  [{ 'b.c': 1 }, { _id: 1, b: { c: 2 } }],
  [
    { 'b.c': 0, e: 0 },
    { _id: 1, a: 1, b: { d: 3 } },
  ],
  [{ 'e.f': 1 }, { _id: 1, e: [{ f: 1 }, {}] }],
  [
    { 'e.g': 0, b: 0 },
    { _id: 1, a: 1, e: [{ f: 1 }, {}, 4] },
  ],
  [{ missing: 1 }, { _id: 1 }],
  [{ total: { $add: ['$a', '$b.c'] } }, { _id: 1, total: 3 }],
])('%j', (projection, expected) => {
  const before = structuredClone(document);
  expect(compileProjection(projection)(document)).toEqual(expected);
  expect(document).toEqual(before);
});

it.each([{ 'e.$': 1 }, { e: { $slice: 1 } }])('refuses %j', (projection) => {
  expect(() => compileProjection(projection)).toThrow('does not have the projection');
});

it('refuses a mix of inclusion and exclusion', () => {
  expect(() => compileProjection({ a: 1, b: 0 })).toThrow(/mix/);
});
