import { expect, test } from 'vitest';
import { parseImageReference } from './image-reference.ts';

const digest = `sha256:${'0a'.repeat(32)}`;

test.each([
  ['agon-trainer', { kind: 'name', name: 'agon-trainer:latest' }],
  ['agon-trainer:1.2', { kind: 'name', name: 'agon-trainer:1.2' }],
  ['registry.test:5000/a/b', { kind: 'name', name: 'registry.test:5000/a/b:latest' }],
  [`registry.test/a/b@${digest}`, { kind: 'name', name: `registry.test/a/b@${digest}` }],
  [digest, { kind: 'name', name: digest }],
  ['/srv/trainer.tar', { kind: 'archive', path: '/srv/trainer.tar' }],
  ['./trainer.tar.gz', { kind: 'archive', path: './trainer.tar.gz' }],
])('%s is understood', (text, reference) => {
  expect(parseImageReference(text)).toEqual(reference);
});

test.each(['', 'Upper/case', '--privileged', 'a b', 'name@sha256:12', '../x'])('%j is refused', (text) => {
  expect(() => parseImageReference(text)).toThrow('is no image');
});
