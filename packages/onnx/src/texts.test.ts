import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringsOf, TextCollector, textsOf } from './texts.ts';

const columns = fc.array(fc.constantFrom('', 'a', 'ü', 'long text', 'b'), { minLength: 1, maxLength: 50 });

describe('strings of which many are alike', () => {
  test('come back as they were, whatever rows are taken', () => {
    fc.assert(
      fc.property(columns, fc.nat(), fc.nat(), (column, left, right) => {
        const [start = 0, end = 0] = [left % column.length, right % (column.length + 1)].toSorted((a, b) => a - b);
        const texts = textsOf(column, start, end);
        if (!texts) throw new Error('The column is small.');
        expect(stringsOf(texts, 0, end - start)).toEqual(column.slice(start, end));
        expect(new Set(texts.values).size).toBe(texts.values.length);
      }),
    );
  });

  test('are left as they are where nearly all differ', () => {
    const column = Array.from({ length: 5_000 }, (_, row) => `text ${row}`);
    expect(textsOf(column, 0, column.length)).toBeUndefined();
  });

  test('are collected block by block, and from other collections', () => {
    fc.assert(
      fc.property(columns, columns, (first, second) => {
        const collector = new TextCollector(first.length + second.length);
        expect(collector.add(first)).toBe(first.join('').length);
        const other = new TextCollector(second.length);
        other.add(second);
        collector.addTexts(other.texts);
        expect(stringsOf(collector.texts, 0, first.length + second.length)).toEqual([...first, ...second]);
      }),
    );
  });
});
