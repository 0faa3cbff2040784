import { createHash } from 'node:crypto';
import type { ByteSource } from '../../ports/index.ts';

/** Bytes gathered until they are enough for a request. */
export class Gathered {
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#bytes += piece.byteLength;
  }

  /** All of them as one piece; they stay. */
  whole(): Buffer {
    const whole = Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [whole];
    return whole;
  }

  clear(): void {
    this.#pieces = [];
    this.#bytes = 0;
  }
}

/** A stream in parts of at least `partBytes`, but for the last one; an empty stream has none. */
export async function* partsOf(source: ByteSource, partBytes: number): AsyncGenerator<Buffer> {
  const gathered = new Gathered();
  for await (const piece of source) {
    gathered.add(piece);
    if (gathered.bytes < partBytes) continue;
    const part = gathered.whole();
    gathered.clear();
    yield part;
  }
  if (gathered.bytes > 0) yield gathered.whole();
}

export const sha256Of = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
