import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TextStream } from './text-stream.ts';

/** Every token is one byte of UTF-8. */
const decode = (ids: readonly number[]): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(ids));
const bytesOf = (text: string): number[] => [...new TextEncoder().encode(text)];

function shownOf(text: string, stops: readonly string[]): { pieces: string[]; stopped: boolean } {
  const stream = new TextStream(decode, stops);
  const pieces: string[] = [];
  for (const token of bytesOf(text)) {
    const shown = stream.push(token);
    pieces.push(shown.text);
    if (shown.stopped) return { pieces, stopped: true };
  }
  const rest = stream.end();
  return { pieces: [...pieces, rest.text], stopped: rest.stopped };
}

describe('a text that comes token by token', () => {
  test('a character is shown when its last byte is there', () => {
    const { pieces } = shownOf('aß👍!', []);
    expect(pieces.filter((piece) => piece !== '')).toEqual(['a', 'ß', '👍', '!']);
  });

  test('a stop text ends it and is not shown, also where it comes in pieces', () => {
    expect(shownOf('one two STOP three', ['STOP'])).toMatchObject({ stopped: true });
    expect(shownOf('one two STOP three', ['STOP']).pieces.join('')).toBe('one two ');
  });

  test('what only began like a stop text is shown after all', () => {
    const { pieces, stopped } = shownOf('STOMP, STO', ['STOP']);
    expect([pieces.join(''), stopped]).toEqual(['STOMP, STO', false]);
  });

  test('the pieces are the text, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(shownOf(text, []).pieces.join('')).toBe(text);
      }),
    );
  });

  test('a text may hold the mark of broken characters itself', () => {
    expect(shownOf('\ufffd\u00a0\ufffd\ufffd👍\ufffd', []).pieces.join('')).toBe('\ufffd\u00a0\ufffd\ufffd👍\ufffd');
  });

  test('bytes that are no text are shown as they decode together', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0x61, 0x80, 0xa0, 0xbf, 0xc2, 0xe2, 0xef, 0xf0, 0xff)), (bytes) => {
        const stream = new TextStream(decode, []);
        const pieces = bytes.map((byte) => stream.push(byte).text);
        expect(pieces.join('') + stream.end().text).toBe(decode(bytes));
      }),
      { numRuns: 1_000 },
    );
  });

  /** Read letter by letter: up to where the first stop text that is whole begins. */
  function beforeStop(text: string, stops: readonly string[]): string {
    for (let end = 1; end <= text.length; end += 1) {
      const begins = stops.map((stop) => text.slice(0, end).indexOf(stop)).filter((at) => at >= 0);
      if (begins.length > 0) return text.slice(0, Math.min(...begins));
    }
    return text;
  }

  test('the pieces are all that stands before the first stop text that is whole, and no more', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c') });
    const stopTexts = fc.array(
      letters.filter((stop) => stop !== ''),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(letters, stopTexts, (text, stops) => {
        const { pieces, stopped } = shownOf(text, stops);
        expect(pieces.join('')).toBe(beforeStop(text, stops));
        expect(stopped).toBe(stops.some((stop) => text.includes(stop)));
      }),
    );
  });
});
