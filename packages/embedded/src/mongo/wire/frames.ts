export const MESSAGE_BYTES_MAX = 48_000_000;
const HEADER_BYTES = 16;

/** The bytes on a connection are not the wire protocol: the connection cannot go on. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** Cuts a stream of bytes into whole messages, whatever the pieces it arrives in. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Length of the message that is arriving; 0 until its header is here. */
  #expected = 0;

  /** Takes the next piece and returns the messages that are now whole. Throws WireError for an impossible length. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const messages: Buffer[] = [];
    while (this.#isWhole()) messages.push(this.#take());
    return messages;
  }

  #isWhole(): boolean {
    if (this.#expected === 0 && this.#buffered >= 4) {
      this.#expected = this.#join().readInt32LE(0);
      if (this.#expected < HEADER_BYTES || this.#expected > MESSAGE_BYTES_MAX) {
        throw new WireError(
          `a message of ${this.#expected} bytes; allowed are ${HEADER_BYTES} to ${MESSAGE_BYTES_MAX}`,
        );
      }
    }
    return this.#expected > 0 && this.#buffered >= this.#expected;
  }

  #take(): Buffer {
    const all = this.#join();
    const message = all.subarray(0, this.#expected);
    const rest = all.subarray(this.#expected);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#buffered = rest.length;
    this.#expected = 0;
    return message;
  }

  #join(): Buffer {
    const [first] = this.#chunks;
    const joined = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}
