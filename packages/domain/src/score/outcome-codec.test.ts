import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyOutcome } from '../testing/outcomes.ts';
import { outcomeOfNumbers } from './outcome.ts';
import { decodeOutcome, encodeOutcome } from './outcome-codec.ts';

test('an outcome comes back exactly as it was written', () => {
  fc.assert(
    fc.property(anyOutcome, (outcome) => {
      expect(decodeOutcome(encodeOutcome(outcome))).toEqual(outcome);
    }),
  );
});

test('it can be read from the middle of a larger buffer', () => {
  fc.assert(
    fc.property(anyOutcome, fc.integer({ min: 1, max: 9 }), (outcome, offset) => {
      const bytes = encodeOutcome(outcome);
      const larger = new Uint8Array(bytes.length + offset);
      larger.set(bytes, offset);
      expect(decodeOutcome(larger.subarray(offset))).toEqual(outcome);
    }),
  );
});

test('bytes that are cut short, longer or something else are refused', () => {
  fc.assert(
    fc.property(anyOutcome, fc.nat(), (outcome, place) => {
      const bytes = encodeOutcome(outcome);
      expect(() => decodeOutcome(bytes.subarray(0, place % bytes.length))).toThrow(RangeError);
      expect(() => decodeOutcome(Uint8Array.of(...bytes, 0))).toThrow(RangeError);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(() => decodeOutcome(bytes)).toThrow(RangeError);
    }),
  );
});

test('a number that is not finite is refused', () => {
  const bytes = encodeOutcome(outcomeOfNumbers('mae', Float64Array.of(1), Float64Array.of(2)));
  new DataView(bytes.buffer).setFloat64(16, Number.NaN, true);
  expect(() => decodeOutcome(bytes)).toThrow(RangeError);
});
