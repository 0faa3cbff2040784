import { createHash } from 'node:crypto';
import type { BlobRef } from '@agon/contracts';

/** A source of these pieces. */
export async function* piecesOf(...pieces: readonly (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}

/** A source that gives its pieces and then fails. */
export async function* failingAfter(...pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  yield* piecesOf(...pieces);
  throw new Error('the connection ended');
}

export async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source) pieces.push(piece);
  return Buffer.concat(pieces);
}

export const textOf = async (source: AsyncIterable<Uint8Array>): Promise<string> => (await bytesOf(source)).toString();

export const refOf = (bytes: Uint8Array | string): BlobRef => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  bytes: Buffer.byteLength(bytes),
});
