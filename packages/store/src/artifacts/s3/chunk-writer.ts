import { Gathered, sha256Of } from './parts.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { partBytesMin } from './s3-multipart.ts';
import { type Chunk, chunkKey } from './staged-upload.ts';

/**
 * Writes an append as chunk objects. Bytes wait here until they are enough for a request, or until somebody asks for them
 * to be safe. A chunk too small to be a part of an object is written again with what follows it, so that an upload of many
 * small appends ends as few chunks, each but the last large enough for S3 to put them together by itself.
 */
export class ChunkWriter {
  readonly #bucket: S3Bucket;
  readonly #id: string;
  readonly #waiting = new Gathered();
  #start: number;
  /** The chunk that holds a first part of what waits. */
  #written: Chunk | undefined;
  #queue: Promise<void> = Promise.resolve();

  /** @param last the last chunk of the upload and its bytes, where it is small. */
  constructor(bucket: S3Bucket, input: { id: string; start: number; last?: { chunk: Chunk; content: Uint8Array } }) {
    this.#bucket = bucket;
    this.#id = input.id;
    this.#start = input.last?.chunk.start ?? input.start;
    this.#written = input.last?.chunk;
    if (input.last) this.#waiting.add(input.last.content);
  }

  async add(piece: Uint8Array): Promise<void> {
    this.#waiting.add(piece);
    if (this.#waiting.bytes >= partBytesMin) await this.flush();
  }

  /** Makes safe what was added so far. */
  flush(): Promise<void> {
    const flushed = this.#queue.then(() => this.#put());
    this.#queue = flushed.catch(() => undefined);
    return flushed;
  }

  async #put(): Promise<void> {
    if (this.#waiting.bytes === (this.#written?.bytes ?? 0)) return;
    const content = this.#waiting.whole();
    const chunk = { key: chunkKey(this.#id, this.#start), start: this.#start, bytes: content.length };
    await this.#bucket.put(chunk.key, content, sha256Of(content));
    const replaced = this.#written;
    this.#written = chunk;
    if (chunk.bytes >= partBytesMin) {
      this.#start += chunk.bytes;
      this.#written = undefined;
      this.#waiting.clear();
    }
    // The longer chunk counts already; the shorter one is only in the way.
    if (replaced) await this.#bucket.remove([replaced.key]).catch(() => undefined);
  }
}
