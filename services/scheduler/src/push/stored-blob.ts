import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { ReadableStream } from 'node:stream/web';

type Part = { readonly path: string; readonly start: number; readonly end: number };

/** A part of a file as a Blob that is read when it is asked for, and says how much was read. */
export class StoredBlob extends Blob {
  readonly #part: Part;
  readonly #onBytes: (count: number) => void;

  override readonly size: number;

  constructor(part: Part, onBytes: (count: number) => void) {
    super([]);
    this.size = part.end - part.start;
    this.#part = part;
    this.#onBytes = onBytes;
  }

  override slice(start = 0, end = this.size): StoredBlob {
    const { path, start: from, end: to } = this.#part;
    const part = { path, start: Math.min(from + start, to), end: Math.min(from + end, to) };
    return new StoredBlob(part, this.#onBytes);
  }

  override stream(): ReturnType<Blob['stream']> {
    return ReadableStream.from(this.#read()) as ReturnType<Blob['stream']>;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const { path, start, end } = this.#part;
    if (start === end) return new ArrayBuffer(0);
    const chunks: Uint8Array[] = [];
    for await (const chunk of createReadStream(path, { start, end: end - 1 })) chunks.push(chunk as Uint8Array);
    return new Uint8Array(Buffer.concat(chunks)).buffer;
  }

  override async text(): Promise<string> {
    const { path, start, end } = this.#part;
    return (await readFile(path)).subarray(start, end).toString('utf8');
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    const { path, start, end } = this.#part;
    if (start === end) return;
    for await (const chunk of createReadStream(path, { start, end: end - 1 })) {
      this.#onBytes((chunk as Uint8Array).length);
      yield chunk as Uint8Array;
    }
  }
}
