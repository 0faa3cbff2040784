import { Gathered, sha256Of } from './parts.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { partBytesMin } from './s3-multipart.ts';
import { type Chunk, chunkKey } from './staged-upload.ts';

/** What is sent at once where more arrives. */
const chunkBytes = 8 * 1024 ** 2;
/** Small chunks at the end of an upload that are left as they are, at most. */
const smallMax = 32;
/** New bytes are worth that many old ones to be sent again. */
const oldForNew = 4;

/** Small chunks at the end of an upload, and how to read them. */
export type Tail = { readonly chunks: readonly Chunk[]; read(): Promise<Uint8Array> };

/**
 * Writes an append as chunk objects. Bytes wait here until they are enough for a request, or until somebody asks for them
 * to be safe. Small chunks are written again together with what follows them when there are many or when what follows is
 * much: so an upload of many small appends ends as few chunks, and no append costs more than a few times its bytes.
 */
export class ChunkWriter {
  readonly #bucket: S3Bucket;
  readonly #id: string;
  readonly #waiting = new Gathered();
  #tail: Tail | undefined;
  #start: number;
  /** Bytes of `#waiting` that are safe already, in chunks that the next one replaces. */
  #safeBytes = 0;
  #replaced: Chunk[] = [];
  #queue: Promise<void> = Promise.resolve();

  constructor(bucket: S3Bucket, input: { id: string; start: number; tail: Tail }) {
    this.#bucket = bucket;
    this.#id = input.id;
    this.#start = input.start;
    this.#tail = input.tail.chunks.length > 0 ? input.tail : undefined;
  }

  async add(piece: Uint8Array): Promise<void> {
    this.#waiting.add(piece);
    if (this.#waiting.bytes >= chunkBytes) await this.flush();
  }

  /** Makes safe what was added so far. */
  flush(): Promise<void> {
    const flushed = this.#queue.then(() => this.#put());
    this.#queue = flushed.catch(() => undefined);
    return flushed;
  }

  async #put(): Promise<void> {
    if (this.#waiting.bytes === this.#safeBytes) return;
    await this.#takeTail();
    const content = this.#waiting.whole();
    const chunk = { key: chunkKey(this.#id, this.#start), start: this.#start, bytes: content.length };
    await this.#bucket.put(chunk.key, content, sha256Of(content));
    const replaced = this.#replaced.map(({ key }) => key);
    if (chunk.bytes >= partBytesMin) this.#beginBehind(chunk);
    else {
      this.#replaced = [chunk];
      this.#safeBytes = chunk.bytes;
    }
    // The longer chunk counts already; the shorter ones are only in the way.
    if (replaced.length > 0) await this.#bucket.remove(replaced).catch(() => undefined);
  }

  #beginBehind({ start, bytes }: Chunk): void {
    this.#start = start + bytes;
    this.#replaced = [];
    this.#safeBytes = 0;
    this.#tail = undefined;
    this.#waiting.clear();
  }

  /** Puts the small chunks in front of what waits, where that is worth it. */
  async #takeTail(): Promise<void> {
    const tail = this.#tail;
    if (!tail) return;
    const bytes = tail.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
    const worth = tail.chunks.length >= smallMax || bytes >= partBytesMin || this.#waiting.bytes * oldForNew >= bytes;
    if (!worth) return;
    const waiting = this.#waiting.whole();
    const before = await tail.read();
    this.#waiting.clear();
    this.#waiting.add(before);
    this.#waiting.add(waiting);
    this.#start = tail.chunks[0]?.start ?? this.#start;
    this.#replaced.push(...tail.chunks);
    this.#tail = undefined;
  }
}
