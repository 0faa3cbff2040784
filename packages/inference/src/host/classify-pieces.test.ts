import fc from 'fast-check';
import { expect, test } from 'vitest';
import { classifyPieces } from './classify-pieces.ts';

test('every text is in exactly one piece, the longest first, and no piece of several is long', () => {
  const lengths = fc.array(fc.oneof(fc.nat(200), fc.integer({ min: 30_000, max: 90_000 })), { maxLength: 300 });
  fc.assert(
    fc.property(lengths, (sizes) => {
      const texts = sizes.map((size) => 'x'.repeat(size));
      const pieces = classifyPieces(texts);
      const places = pieces.flat();
      expect(places.toSorted((left, right) => left - right)).toEqual([...texts.keys()]);
      const ordered = places.map((place) => sizes[place] ?? 0);
      expect(ordered).toEqual(ordered.toSorted((left, right) => right - left));
      for (const piece of pieces) {
        expect(piece.length).toBeLessThanOrEqual(64);
        const characters = piece.reduce((sum, place) => sum + (sizes[place] ?? 0), 0);
        expect(piece.length === 1 || characters <= 65_536).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});
