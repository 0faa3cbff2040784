import { deserialize } from 'bson';
import { expect, it } from 'vitest';
import { Cursors } from './cursors.ts';

const documents = Array.from({ length: 250 }, (_, n) => ({ n }));
const numbers = (page: { documents: Uint8Array[] }) => page.documents.map((bytes) => deserialize(bytes).n);

it('gives 101 documents first and the rest on demand', () => {
  const cursors = new Cursors({ nowMs: () => 0 });
  const first = cursors.first({ namespace: 'agon.jobs', documents });
  expect(numbers(first)).toEqual(documents.slice(0, 101).map(({ n }) => n));
  const second = cursors.next(first.id, 100);
  expect(second).toMatchObject({ id: first.id, field: 'nextBatch' });
  expect(numbers(cursors.next(first.id, undefined))).toEqual(documents.slice(201).map(({ n }) => n));
  expect(() => cursors.next(first.id, undefined)).toThrow(`cursor id ${first.id} not found`);
});

it('leaves nothing open for a single batch, and opens one for a batch of 0', () => {
  const cursors = new Cursors({ nowMs: () => 0 });
  expect(cursors.first({ namespace: 'n', documents, batchSize: 2, singleBatch: true })).toMatchObject({ id: 0 });
  const opened = cursors.first({ namespace: 'n', documents, batchSize: 0 });
  expect(opened.documents).toEqual([]);
  expect(cursors.kill(opened.id)).toBe(true);
  expect(cursors.size).toBe(0);
});

it('keeps a page within what one message may hold', () => {
  const cursors = new Cursors({ nowMs: () => 0 });
  const large = Array.from({ length: 5 }, () => ({ text: 'x'.repeat(6_000_000) }));
  const first = cursors.first({ namespace: 'n', documents: large });
  expect(first.documents).toHaveLength(2);
  expect(cursors.next(first.id, undefined).documents).toHaveLength(2);
});

it('closes cursors that nobody has read for 10 minutes', () => {
  let nowMs = 0;
  const cursors = new Cursors({ nowMs: () => nowMs });
  const { id } = cursors.first({ namespace: 'n', documents });
  nowMs = 599_000;
  cursors.next(id, 1);
  nowMs = 1_198_000;
  cursors.sweep();
  expect(cursors.size).toBe(1);
  nowMs = 1_300_000;
  cursors.sweep();
  expect(cursors.size).toBe(0);
});
