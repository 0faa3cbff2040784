/**
 * Hands pieces from a writer to one reader, a few at a time: `send` waits while the reader is behind. A reader that
 * stops early is told to the writer as an error.
 */
export class ByteChannel implements AsyncIterable<Uint8Array> {
  readonly #pieces: Uint8Array[] = [];
  #ended = false;
  #failure: { error: unknown } | null = null;
  #readerLeft = false;
  #wakeReader: () => void = () => {};
  #wakeWriter: () => void = () => {};

  /** @throws Error when the reader has left. */
  async send(piece: Uint8Array): Promise<void> {
    while (this.#pieces.length >= piecesMax && !this.#readerLeft) {
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
    if (this.#readerLeft) throw new Error('The reader of a part stopped before its end.');
    this.#pieces.push(piece);
    this.#wakeReader();
  }

  /** No more pieces will come. */
  end(): void {
    this.#ended = true;
    this.#wakeReader();
  }

  /** Lets the reader fail with the error. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#wakeReader();
  }

  /** Lets a writer that waits go on, to its error: nobody will read. */
  leave(): void {
    this.#readerLeft = true;
    this.#pieces.length = 0;
    this.#wakeWriter();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      while (!this.#ended || this.#pieces.length > 0) {
        if (this.#failure) throw this.#failure.error;
        const piece = this.#pieces.shift();
        if (piece === undefined) {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve;
          });
        } else {
          this.#wakeWriter();
          yield piece;
        }
      }
      if (this.#failure) throw this.#failure.error;
    } finally {
      this.leave();
    }
  }
}

const piecesMax = 4;
