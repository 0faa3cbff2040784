import fc from 'fast-check';
import { expect, it } from 'vitest';
import { escapeNames, restoreNames } from './free-names.ts';

const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('a.b', '$set', '_bsontype', '__proto__', 'constructor', '%24', '%%x', '%%_bsontype', '\0', '%'),
);
const leaf = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.date());
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('tree')),
    fc.uniqueArray(fc.tuple(name, tie('tree')), { selector: ([key]) => key }).map(Object.fromEntries),
  ),
}));

function namesIn(value: unknown): string[] {
  if (value === null || typeof value !== 'object' || value instanceof Date) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(namesIn)];
}

it('restores what it escaped', () => {
  fc.assert(
    fc.property(tree, (value) => {
      expect(restoreNames(escapeNames(value))).toEqual(value);
    }),
  );
});

it('leaves no name that the database or its driver takes for something else', () => {
  fc.assert(
    fc.property(tree, (value) => {
      for (const escaped of namesIn(escapeNames(value))) {
        expect(escaped).not.toMatch(/[$.\0]|^(__proto__|constructor|prototype|_bsontype)$/);
      }
    }),
  );
});

it('leaves out members that are undefined', () => {
  expect(escapeNames({ a: undefined, b: { c: undefined, d: null } })).toEqual({ b: { d: null } });
  expect(Object.keys(escapeNames({ a: undefined }))).toEqual([]);
});
