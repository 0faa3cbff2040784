import { NamespaceSlug } from '@agon/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { slugOf, slugWithNumber } from './slug.ts';

test.each([
  ['alice', 'alice'],
  ['Alice’s laptop', 'alice-s-laptop'],
  ['Zoë', 'zoe'],
  ['--', 'user'],
  ['日本', 'user'],
  ['datasets', 'datasets-user'],
  ['AGON', 'agon-user'],
])('the name %j becomes %s', (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

test('whatever the name, its slug is one, also with a number', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 120 }), fc.integer({ min: 1, max: 1_000 }), (name, number) => {
      expect(NamespaceSlug.safeParse(slugWithNumber(slugOf(name), number)).success).toBe(true);
    }),
  );
});
