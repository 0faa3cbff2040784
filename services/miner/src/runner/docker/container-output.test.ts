import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { firstBytes, frameContents } from './container-output.ts';

function frame(kind: 1 | 2, content: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = kind;
  header.writeUInt32BE(content.length, 4);
  return Buffer.concat([header, content]);
}

const inPieces = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );

const contentOf = (pieces: Buffer[]): Promise<Buffer> => buffer(Readable.from(pieces).pipe(frameContents()));

const out = Buffer.from('{"step":1}\n');
const binary = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const frames = Buffer.concat([frame(1, out), frame(2, binary), frame(1, Buffer.alloc(0)), frame(1, out)]);

test.each([1, 2, 3, 7, 8, 9, 64, 10_000])('frames that arrive in pieces of %i bytes lose nothing', async (size) => {
  expect(await contentOf(inPieces(frames, size))).toEqual(Buffer.concat([out, binary, out]));
});

test('bytes beyond the bound are dropped, and the stream goes on to its end', async () => {
  const kept = await buffer(Readable.from(inPieces(Buffer.alloc(1_000, 'x'), 64)).pipe(firstBytes(100)));
  expect(kept.toString()).toBe('x'.repeat(100));
});
