import { ObjectId } from 'bson';
import { expect, it } from 'vitest';
import type { Doc } from '../values/document.ts';
import { parseSort, sortBy } from './sort.ts';

const sorted = (documents: Doc[], sort: Doc) =>
  sortBy(documents, parseSort(sort), (document) => document).map(({ _id }) => _id);

it('sorts by several fields and is stable', () => {
  const documents = [
    { _id: 1, a: 2, b: 1 },
    { _id: 2, a: 1, b: 1 },
    { _id: 3, a: 1, b: 2 },
    { _id: 4, a: 2, b: 1 },
  ];
  expect(sorted(documents, { a: 1, b: -1 })).toEqual([3, 2, 1, 4]);
});

it('puts missing and null first, then numbers, text, ids, dates', () => {
  const documents = [
    { _id: 1, a: new Date(0) },
    { _id: 2, a: new ObjectId() },
    { _id: 3, a: 'x' },
    { _id: 4, a: 1 },
    { _id: 5 },
    { _id: 6, a: null },
  ];
  expect(sorted(documents, { a: 1 })).toEqual([5, 6, 4, 3, 2, 1]);
  expect(sorted(documents, { a: -1 })).toEqual([1, 2, 3, 4, 5, 6]);
});

it('takes the smallest element of an array when ascending and the largest when descending', () => {
  const documents = [
    { _id: 1, a: [1, 9] },
    { _id: 2, a: [4] },
    { _id: 3, a: 2 },
    { _id: 4, a: [] },
  ];
  expect(sorted(documents, { a: 1 })).toEqual([4, 1, 3, 2]);
  expect(sorted(documents, { a: -1 })).toEqual([1, 2, 3, 4]);
});

it('refuses any other direction', () => {
  expect(() => parseSort({ a: { $meta: 'textScore' } })).toThrow('sort direction of a');
});
