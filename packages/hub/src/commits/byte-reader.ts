import { AppError } from '@agon/contracts';
import type { ByteSource } from '@agon/store';

/** Reads a body piece by piece, up to bytes that end the pieces. */
export class ByteReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #bytesMax: number;
  #ahead: Buffer = Buffer.alloc(0);
  #bytes = 0;
  #ended = false;

  constructor(source: ByteSource, bytesMax: number) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#bytesMax = bytesMax;
  }

  /** Whether everything was read. */
  async atEnd(): Promise<boolean> {
    return this.#ahead.length === 0 && !(await this.#more());
  }

  /**
   * Takes bytes up to `stop`, which is taken too. Where it does not come within `bytesMost`, takes what it has seen so far
   * and says that it did not find it. The end of the body stops too.
   */
  async takeUntil(stop: number, bytesMost: number): Promise<{ bytes: Buffer; found: boolean }> {
    let looked = 0;
    for (let more = true; more; more = await this.#more()) {
      const at = this.#ahead.indexOf(stop, looked);
      if (at >= 0) return { bytes: this.#take(at, 1), found: true };
      looked = this.#ahead.length;
      if (looked > bytesMost) return { bytes: this.#take(looked, 0), found: false };
    }
    return { bytes: this.#take(this.#ahead.length, 0), found: true };
  }

  /** Puts bytes back, to be read next. */
  unread(bytes: Buffer): void {
    this.#ahead = Buffer.concat([bytes, this.#ahead]);
  }

  /** Streams bytes up to `stop`, which is taken too. @throws AppError `commit_invalid` where it never comes. */
  async *streamUntil(stop: number): AsyncGenerator<Buffer> {
    for (let more = true; more; more = await this.#more()) {
      const at = this.#ahead.indexOf(stop);
      const bytes = this.#take(at < 0 ? this.#ahead.length : at, at < 0 ? 0 : 1);
      if (bytes.length > 0) yield bytes;
      if (at >= 0) return;
    }
    throw new AppError('commit_invalid', 'The body ends within a line.');
  }

  /** Lets go of a body that is not read to its end. */
  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  #take(count: number, skipped: number): Buffer {
    const taken = this.#ahead.subarray(0, count);
    this.#ahead = this.#ahead.subarray(count + skipped);
    return taken;
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const next = await this.#iterator.next();
    if (next.done) {
      this.#ended = true;
      return false;
    }
    this.#bytes += next.value.byteLength;
    if (this.#bytes > this.#bytesMax) {
      throw new AppError('body_too_large', `A commit has at most ${this.#bytesMax} bytes.`);
    }
    const chunk = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    this.#ahead = this.#ahead.length === 0 ? chunk : Buffer.concat([this.#ahead, chunk]);
    return true;
  }
}
