import { aBlob, aHash } from '@agon/testing';
import { describe, expect, test } from 'vitest';
import { anEntry } from '../testing/entries.ts';
import { treeOf } from '../tree/tree.ts';
import { applyOperations, type Operation } from './operations.ts';

const since = { id: 'c'.repeat(40), title: 'Change', date: '2026-02-01T00:00:00.000Z' };
const tree = treeOf(['a.txt', 'b/x.txt', 'b/y.txt'].map((path) => anEntry({ path })));
const file = (path: string, number = 1): Operation => ({
  kind: 'file',
  path,
  blob: aBlob(number),
  oid: number.toString(16).padStart(40, '0'),
});
const pathsAfter = (operations: readonly Operation[]) =>
  applyOperations(tree, operations, since).tree.entries.map(({ path }) => path);

describe('operations', () => {
  test('add, replace and delete files and folders in their order', () => {
    expect(pathsAfter([file('c.txt')])).toEqual(['a.txt', 'b/x.txt', 'b/y.txt', 'c.txt']);
    expect(pathsAfter([{ kind: 'delete', path: 'a.txt', folder: false }])).toEqual(['b/x.txt', 'b/y.txt']);
    expect(pathsAfter([{ kind: 'delete', path: 'b', folder: true }])).toEqual(['a.txt']);
    expect(pathsAfter([file('d'), { kind: 'delete', path: 'd', folder: false }, file('d', 2)])).toContain('d');
  });

  test('leave a file that is as it was with the commit that brought it', () => {
    const { tree: after, changed } = applyOperations(tree, [file('a.txt'), file('b/x.txt', 2)], since);
    expect(changed).toBe(true);
    expect(after.byPath.get('a.txt')).toEqual(tree.byPath.get('a.txt'));
    expect(after.byPath.get('b/x.txt')).toMatchObject({ sha256: aHash(2), since });
  });

  test('that change nothing are told', () => {
    expect(applyOperations(tree, [file('a.txt')], since)).toEqual({ tree, changed: false });
    expect(applyOperations(tree, [], since).changed).toBe(false);
  });

  test.each([false, true])('cannot delete what is not there (folder: %s)', (folder) => {
    const operation = { kind: 'delete', path: 'none', folder } as const;
    expect(() => applyOperations(tree, [operation], since)).toThrow(
      expect.objectContaining({ code: 'entry_not_found' }),
    );
  });
});
