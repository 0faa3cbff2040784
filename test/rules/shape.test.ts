import { expect, test } from 'vitest';
import { readText, repositoryFiles } from './repository.ts';

const linesMax = 300;
const code = repositoryFiles(/\.(ts|tsx|mjs|py)$/);
const typescript = code.filter((path) => path.endsWith('.ts'));

test(`no file has more than ${linesMax} lines`, () => {
  const long = code.filter((path) => readText(path).split('\n').length > linesMax + 1);
  expect(long).toEqual([]);
});

test('no file has a name that says nothing', () => {
  const vague = code.filter((path) => /(^|\/)(utils?|helpers?|common|misc|stuff)\.(ts|py|mjs)$/.test(path));
  expect(vague).toEqual([]);
});

test('no module is mocked, no test is skipped or alone, no type check is silenced', () => {
  const banned = /\bvi\.mock\(|\b(test|it|describe)\.(only|skip)\(|@ts-(ignore|nocheck)|\bas any\b/;
  const offenders = typescript.filter((path) => !path.startsWith('test/rules/') && banned.test(readText(path)));
  expect(offenders).toEqual([]);
});

test('no loop is endless by construction', () => {
  const offenders = typescript.filter(
    (path) => !path.startsWith('test/rules/') && /while \(true\)|for \(;;/.test(readText(path)),
  );
  expect(offenders).toEqual([]);
});

test('no work is left as a note in the code', () => {
  const offenders = code.filter(
    (path) => !path.startsWith('test/rules/') && /\b(TODO|FIXME|XXX)\b/.test(readText(path)),
  );
  expect(offenders).toEqual([]);
});

test('test names state facts', () => {
  const tests = typescript.filter((path) => /\.test\.ts$/.test(path) && !path.startsWith('test/rules/'));
  const vague = tests.flatMap((path) =>
    [...readText(path).matchAll(/\b(?:test|it)\(\s*['"`]((?:should|works|test)\b[^'"`]*)/g)].map(
      ([, name]) => `${path}: ${name}`,
    ),
  );
  expect(vague).toEqual([]);
});

test('no path of a developer’s machine and no registry host is in the repository', () => {
  const files = repositoryFiles(/\.(ts|mjs|js|json|ya?ml|md|py|lock|in|toml|txt)$/).filter(
    (path) => !path.startsWith('test/rules/'),
  );
  const hosts = ['registry.npm' + 'js', 'pypi.' + 'org', 'files.pythonhoste' + 'd', 'deb.' + 'debian'];
  const offenders = files.filter((path) => hosts.some((host) => readText(path).includes(host)));
  expect(offenders).toEqual([]);
});

test('every package says what it does at the head of its index', () => {
  const indexes = repositoryFiles(/^packages\/[^/]+\/src\/index\.ts$/);
  expect(indexes.filter((path) => !readText(path).startsWith('/**'))).toEqual([]);
});
