/** Size of a model's cache for one token: `layers * 2` tensors with `heads * headSize` numbers each. */
export type CacheShape = { readonly tensors: number; readonly heads: number; readonly headSize: number };

/** Capacity grows in such steps of tokens. */
const tokensStep = 256;

/**
 * Keys and values of several rows, one buffer a tensor, `[slots, heads, capacity, headSize]`. The runtime reads them where
 * they lie and gives only those of new tokens, which are written here. Rows in use fill the first slots, so that a batch is
 * one piece of each buffer. Memory that was never written costs nothing.
 */
export class KeyValueCache {
  readonly #shape: CacheShape;
  #buffers: Float32Array[];
  #slots = 0;
  #capacity = 0;

  constructor(shape: CacheShape) {
    this.#shape = shape;
    this.#buffers = Array.from({ length: shape.tensors }, () => new Float32Array(0));
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes of so many rows of so many tokens. */
  static bytes(shape: CacheShape, rows: number, tokens: number): number {
    return rows * roundedUp(tokens) * shape.tensors * shape.heads * shape.headSize * Float32Array.BYTES_PER_ELEMENT;
  }

  /** Makes room for so many rows of so many tokens; keeps what the rows in use have. */
  reserve(input: { rows: number; tokens: number; lengths: readonly number[] }): void {
    // Doubled, so that rows that come one by one are seldom copied.
    const slots = input.rows > this.#slots ? Math.max(input.rows, 2 * this.#slots) : this.#slots;
    const capacity = Math.max(this.#capacity, roundedUp(input.tokens));
    if (slots === this.#slots && capacity === this.#capacity) return;
    const { heads, headSize } = this.#shape;
    this.#buffers = this.#buffers.map((old) => {
      const grown = new Float32Array(slots * heads * capacity * headSize);
      for (const [slot, length] of input.lengths.entries()) {
        for (let head = 0; head < heads; head += 1) {
          const from = (slot * heads + head) * this.#capacity * headSize;
          grown.set(old.subarray(from, from + length * headSize), (slot * heads + head) * capacity * headSize);
        }
      }
      return grown;
    });
    this.#slots = slots;
    this.#capacity = capacity;
  }

  /** Lets go of all memory; no row may be in use. */
  clear(): void {
    this.#buffers = this.#buffers.map(() => new Float32Array(0));
    this.#slots = 0;
    this.#capacity = 0;
  }

  /**
   * Adds tokens to a row.
   *
   * @param place.at how many tokens the row has before them.
   * @param added `[tokens, heads * headSize]`
   */
  write(place: { tensor: number; slot: number; at: number }, added: Float32Array): void {
    const { heads, headSize } = this.#shape;
    const buffer = this.#buffers[place.tensor];
    for (let from = 0; from < added.length; from += headSize) {
      const part = from / headSize;
      const token = place.at + Math.floor(part / heads);
      const start = ((place.slot * heads + (part % heads)) * this.#capacity + token) * headSize;
      buffer?.set(added.subarray(from, from + headSize), start);
    }
  }

  /** Copies a row of `length` tokens over another. */
  move(from: number, to: number, length: number): void {
    if (from === to) return;
    const { heads, headSize } = this.#shape;
    const size = this.#capacity * headSize;
    for (const buffer of this.#buffers) {
      for (let head = 0; head < heads; head += 1) {
        const start = (from * heads + head) * size;
        buffer.copyWithin((to * heads + head) * size, start, start + length * headSize);
      }
    }
  }

  /** The rows `first` to `first + rows - 1` of each tensor, `[rows, heads, capacity, headSize]`. */
  rows(first: number, rows: number): { buffers: Float32Array[]; dims: number[] } {
    const { heads, headSize } = this.#shape;
    const row = heads * this.#capacity * headSize;
    return {
      buffers: this.#buffers.map((buffer) => buffer.subarray(first * row, (first + rows) * row)),
      dims: [rows, heads, this.#capacity, headSize],
    };
  }
}

const roundedUp = (tokens: number): number => Math.ceil(tokens / tokensStep) * tokensStep;
