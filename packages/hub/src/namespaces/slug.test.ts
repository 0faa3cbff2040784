import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namespaceSlug } from './slug.ts';

test.each([
  ['alice', 'alice'],
  ['Alice’s laptop', 'alice-s-laptop'],
  ['Zoë', 'zoe'],
  ['--', 'user'],
  ['日本', 'user'],
  ['datasets', 'datasets-user'],
  ['AGON', 'agon-user'],
])('the name %j becomes %s', (name, slug) => {
  expect(namespaceSlug(name)).toBe(slug);
});

test('whatever the name, it makes words of letters and digits with single hyphens between them', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (name) => {
      expect(namespaceSlug(name)).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(namespaceSlug(name).length).toBeLessThanOrEqual(40);
    }),
    { numRuns: 40 },
  );
});
