import { expect, test } from 'vitest';
import { parseTemplateSource } from './template-source.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

test.each([
  ['tabular-gbdt', { kind: 'name', name: 'tabular-gbdt' }],
  ['./mine', { kind: 'folder', folder: './mine' }],
  ['/opt/mine', { kind: 'folder', folder: '/opt/mine' }],
  ['work/mine', { kind: 'folder', folder: 'work/mine' }],
  [`https://host.test/a/b.git@${commit}`, { kind: 'git', url: 'https://host.test/a/b.git', commit, path: '' }],
  [`git+https://host.test/b@${commit}#in/it`, { kind: 'git', url: 'https://host.test/b', commit, path: 'in/it' }],
  [`ssh://git@host.test/a/b.git@${commit}`, { kind: 'git', url: 'ssh://git@host.test/a/b.git', commit, path: '' }],
  [`file:///srv/b.git@${commit}`, { kind: 'git', url: 'file:///srv/b.git', commit, path: '' }],
])('%s is understood', (text, source) => {
  expect(parseTemplateSource(text)).toEqual(source);
});

test.each([
  ['https://host.test/a/b.git@main', '40 hex digits'],
  [`https://host.test/a/b.git@${commit.slice(0, 12)}`, '40 hex digits'],
  [`https://host.test/a/b.git@${commit.toUpperCase()}`, '40 hex digits'],
  ['https://host.test/a/b.git', 'git address'],
  [`ext::sh -c true@${commit}`, 'git address'],
  [`http://host.test/b@${commit}`, 'git address'],
  ['Tabular', 'neither'],
  ['--upload-pack=x', 'neither'],
])('%s is refused', (text, why) => {
  expect(() => parseTemplateSource(text)).toThrow(why);
});
