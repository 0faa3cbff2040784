import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRange } from './byte-range.ts';

describe('ranges of a file with 10 bytes', () => {
  test.each([
    ['bytes=0-', 0, 10],
    ['bytes=2-4', 2, 5],
    ['bytes=9-9', 9, 10],
    ['bytes=5-99', 5, 10],
    ['bytes=-3', 7, 10],
    ['bytes=-99', 0, 10],
  ])('%s is %i to %i', (header, start, end) => {
    expect(parseRange(header, 10)).toEqual({ start, end });
  });

  test.each(['bytes=4-2', 'bytes=0-1,3-4', 'bytes=-', 'items=0-1', 'bytes=a-b', '', undefined])(
    '%s counts as none',
    (header) => {
      expect(parseRange(header, 10)).toBeUndefined();
    },
  );

  test.each(['bytes=10-', 'bytes=99-100', 'bytes=-0'])('%s cannot be served', (header) => {
    expect(() => parseRange(header, 10)).toThrow(expect.objectContaining({ code: 'range_not_satisfiable' }));
  });
});

test('a range is inside its file and not empty, whatever is asked', () => {
  const part = fc.oneof(fc.constant(''), fc.nat().map(String));
  fc.assert(
    fc.property(part, part, fc.nat({ max: 1_000 }), (first, last, bytes) => {
      let range: { start: number; end: number } | undefined;
      try {
        range = parseRange(`bytes=${first}-${last}`, bytes);
      } catch {
        return;
      }
      if (range) expect(range.start >= 0 && range.start < range.end && range.end <= bytes).toBe(true);
    }),
  );
});
