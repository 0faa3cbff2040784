import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anEntry } from '../testing/entries.ts';
import { checkTree } from './check-tree.ts';
import { itemAt, listTree } from './list-tree.ts';
import { repoPathProblem } from './repo-path-problem.ts';
import { decodeTree, encodeTree, treeOf } from './tree.ts';

const pathsOf = (items: readonly { path: string }[] | undefined) => items?.map(({ path }) => path);
const some = treeOf(['b.txt', 'a/x.bin', 'a/deep/y.bin', 'a-b/z.bin'].map((path) => anEntry({ path })));

describe('the paths of files', () => {
  test.each(['README.md', 'a/b/c.bin', 'ä ö.txt', '.gitattributes', 'a..b', '...'])('%j is one', (path) => {
    expect(repoPathProblem(path)).toBeUndefined();
  });

  test.each([
    ...['', '../x', 'a/../b', './a', 'a//b', '/a', 'a/', '.git/config', 'a/.GIT/x', '..'],
    ...['a\\b', 'a\0b', 'a\nb', '\ud800', 'x'.repeat(501)],
  ])('%j is none', (path) => {
    expect(repoPathProblem(path)).toEqual(expect.any(String));
  });

  test('never lead out of a folder', () => {
    const segment = fc.constantFrom('..', '.', '', 'a', '.git', 'b.c', '\\', '\0');
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (segments) => {
        const path = segments.join('/');
        const isSafe = segments.every((each) => ['a', 'b.c'].includes(each));
        expect(repoPathProblem(path) === undefined).toBe(isSafe);
      }),
    );
  });
});

describe('a tree', () => {
  test('is read as it was written', () => {
    const later = { id: 'b'.repeat(40), title: 'Later', date: '2026-01-02T00:00:00.000Z' };
    const tree = treeOf([...some.entries, anEntry({ path: 'c', lfs: true, since: later })]);
    expect(decodeTree(encodeTree(tree))).toEqual(tree);
  });

  test('lists a folder, or all below it', () => {
    const shallow = { recursive: false, expand: false };
    expect(pathsOf(listTree(some, '', shallow))).toEqual(['a', 'a-b', 'b.txt']);
    expect(pathsOf(listTree(some, 'a', shallow))).toEqual(['a/deep', 'a/x.bin']);
    expect(pathsOf(listTree(some, 'a', { ...shallow, recursive: true }))).toEqual([
      ...['a/deep', 'a/deep/y.bin', 'a/x.bin'],
    ]);
    expect(listTree(some, 'a/x.bin', shallow)).toBeUndefined();
    expect(listTree(treeOf([]), '', shallow)).toEqual([]);
  });

  test('gives a folder another name when a file in it changes', () => {
    const oidOf = (tree: typeof some) => itemAt(tree, 'a', false)?.oid;
    const changed = treeOf([...some.entries.slice(0, -1), anEntry({ path: 'a/x.bin', oid: 'f'.repeat(40) })]);
    expect(oidOf(some)).toMatch(/^[0-9a-f]{40}$/);
    expect(oidOf(changed)).not.toBe(oidOf(some));
    expect(itemAt(some, 'none', false)).toBeUndefined();
  });

  test.each([
    ['differ by case', ['a.txt', 'A.txt']],
    ['lie in folders that differ by case', ['a/x', 'A/y']],
    ['are a file and a folder', ['a', 'a/b']],
  ])('cannot have files that %s', (_, paths) => {
    const tree = treeOf(paths.map((path) => anEntry({ path })));
    expect(() => checkTree(tree)).toThrow(expect.objectContaining({ code: 'repo_path_invalid' }));
  });
});
