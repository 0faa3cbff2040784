import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromFloats } from './from-floats.ts';
import { toFloats } from './read-values.ts';

const types = ['F16', 'BF16'] as const;
const wordsOf = (bytes: Uint8Array): Uint16Array => new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
const floatOf = (word: number, type: (typeof types)[number]): number =>
  toFloats(new Uint8Array(Uint16Array.of(word).buffer), type)[0] as number;

test.each(types)('every number of %s stays what it is', (type) => {
  const words = Uint16Array.from({ length: 65_536 }, (_, word) => word);
  const floats = toFloats(new Uint8Array(words.buffer), type);
  const back = wordsOf(fromFloats(floats, type));
  const changed = [...words].filter((word) => !Number.isNaN(floats[word]) && back[word] !== word);
  expect(changed).toEqual([]);
  const nans = [...words].filter((word) => Number.isNaN(floats[word]));
  expect(nans.every((word) => Number.isNaN(floatOf(back[word] as number, type)))).toBe(true);
});

test.each(types)('a number between two of %s becomes the nearer one, the even one of equals', (type) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: type === 'F16' ? 0x7bfe : 0x7f7e }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (word, share) => {
        const [low, high] = [floatOf(word, type), floatOf(word + 1, type)];
        const value = Math.fround(low + (high - low) * share);
        const [found] = wordsOf(fromFloats(Float32Array.of(value, 0), type));
        const distance = value - low - (high - value);
        const expected = distance < 0 ? word : distance > 0 ? word + 1 : word + (word & 1);
        expect(found).toBe(expected);
      },
    ),
    {
      examples: [
        [0, 0.5],
        [1, 0.5],
        [0x3c00, 0.5],
        [0x3c01, 0.5],
      ],
    },
  );
});

test('numbers beyond the largest of F16 become infinite', () => {
  const words = wordsOf(fromFloats(Float32Array.of(65_519, 65_520, -1e30, Number.POSITIVE_INFINITY), 'F16'));
  expect([...words]).toEqual([0x7bff, 0x7c00, 0xfc00, 0x7c00]);
});
