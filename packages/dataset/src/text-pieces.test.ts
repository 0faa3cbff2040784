import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TextFault, textPieces } from './text-pieces.ts';

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.byteLength; at += size) yield Buffer.from(bytes.subarray(at, at + size));
}

async function read(bytes: Uint8Array, size = 1_000): Promise<{ text: string; fault: TextFault | null }> {
  let text = '';
  try {
    for await (const piece of textPieces(pieces(bytes, size))) text += piece;
  } catch (error) {
    if (!(error instanceof TextFault)) throw error;
    return { text, fault: error };
  }
  return { text, fault: null };
}

const anyText = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !/[\0\p{Surrogate}]/u.test(text));

describe('textPieces', () => {
  test('decodes UTF-8 in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.integer({ min: 1, max: 9 }), async (text, size) => {
        fc.pre(!text.startsWith('\uFEFF'));
        expect(await read(Buffer.from(text, 'utf8'), size)).toEqual({ text, fault: null });
      }),
    );
  });

  test('decodes UTF-16 with a byte order mark in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.integer({ min: 1, max: 9 }), fc.boolean(), async (text, size, swapped) => {
        const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
        if (swapped) bytes.swap16();
        expect(await read(bytes, size)).toEqual({ text, fault: null });
      }),
    );
  });

  test('leaves the byte order mark of UTF-8 out', async () => {
    expect((await read(Buffer.from('\uFEFFa,b'), 1)).text).toBe('a,b');
  });

  test('gives out all text before a byte that is not UTF-8, then names the byte and what it looks like', async () => {
    for (const size of [1, 2, 3, 100]) {
      const { text, fault } = await read(Buffer.from('name\ncaf\u00e9\n', 'latin1'), size);
      expect(text).toBe('name\ncaf');
      expect(fault?.code).toBe('not_utf8');
      expect(fault?.message).toMatch(/save the file as UTF-8.*0xE9.*“é”.*Latin-1/);
    }
  });

  test('refuses a character that is cut off at the end', async () => {
    const { text, fault } = await read(Buffer.from('é😀').subarray(0, 4));
    expect(text).toBe('é');
    expect(fault?.code).toBe('not_utf8');
  });

  test('refuses overlong forms and surrogates in UTF-8', async () => {
    for (const bad of [
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
    ]) {
      expect((await read(Uint8Array.from([0x61, 0x62, 0x63, ...bad]))).fault?.code).toBe('not_utf8');
    }
  });

  test('refuses NUL characters', async () => {
    const { text, fault } = await read(Buffer.from('a,b\n1,\0\n'));
    expect([text, fault?.code]).toEqual(['a,b\n1,', 'nul_character']);
  });

  test('closes the bytes when the reader stops early', async () => {
    let closed = false;
    const bytes = async function* (): AsyncGenerator<Buffer> {
      try {
        for (let count = 0; count < 100; count += 1) yield Buffer.from('abcdef');
      } finally {
        closed = true;
      }
    };
    for await (const _ of textPieces(bytes())) break;
    expect(closed).toBe(true);
  });
});
