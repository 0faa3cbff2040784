import { expect, test } from 'vitest';
import { namespaceSlug } from './namespace-slug.ts';

test.each([
  ['Alice', 'alice'],
  ['Zoë & Co. (EU)', 'zoe-co-eu'],
  ['--a--', 'a'],
  ['日本', 'user'],
  ['x'.repeat(90), 'x'.repeat(40)],
])('%s becomes the namespace %s', (name, slug) => {
  expect(namespaceSlug(name)).toBe(slug);
});
