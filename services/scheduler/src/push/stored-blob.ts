import { ReadableStream } from 'node:stream/web';
import type { ArtifactStore } from '@agon/store';

type Part = { readonly sha256: string; readonly start: number; readonly end: number };
type Reads = Pick<ArtifactStore, 'read'>;

/** A part of a blob of the store as a Blob of the web, which is read when it is asked for and says how much was read. */
export class StoredBlob extends Blob {
  override readonly size: number;
  readonly #artifacts: Reads;
  readonly #part: Part;
  readonly #onBytes: (count: number) => void;

  constructor(artifacts: Reads, part: Part, onBytes: (count: number) => void) {
    super([]);
    this.size = part.end - part.start;
    this.#artifacts = artifacts;
    this.#part = part;
    this.#onBytes = onBytes;
  }

  override slice(start = 0, end = this.size): StoredBlob {
    const { sha256, start: from, end: to } = this.#part;
    const part = { sha256, start: Math.min(from + start, to), end: Math.min(from + end, to) };
    return new StoredBlob(this.#artifacts, part, this.#onBytes);
  }

  override stream(): ReturnType<Blob['stream']> {
    return ReadableStream.from(this.#read()) as ReturnType<Blob['stream']>;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#read()) chunks.push(chunk);
    return new Uint8Array(Buffer.concat(chunks)).buffer;
  }

  override async text(): Promise<string> {
    return new TextDecoder().decode(await this.arrayBuffer());
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    if (this.size === 0) return;
    const { sha256, start, end } = this.#part;
    for await (const chunk of this.#artifacts.read(sha256, { start, end })) {
      this.#onBytes(chunk.length);
      yield chunk;
    }
  }
}
