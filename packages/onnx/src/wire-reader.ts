const decoder = new TextDecoder();

/** The bytes are not a protobuf message. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/**
 * Walks the fields of a protobuf message without decoding what nobody asked for, so that memory does not grow with the
 * message. Stricter than the format: groups, overlong tags and lengths past the end are errors.
 *
 * Call `next`, look at `field`, then take the value with one of `varint`, `message`, `text`, or take nothing.
 */
export class WireReader {
  field = 0;
  /** 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. */
  wire = 0;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #valueEnd: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#valueEnd = start;
    this.#end = end;
  }

  /** Moves to the next field; false at the end. @throws WireError */
  next(): boolean {
    this.#at = this.#valueEnd;
    if (this.#at === this.#end) return false;
    const tag = this.#number(5);
    this.field = Math.floor(tag / 8);
    this.wire = tag % 8;
    if (this.field === 0 || tag > 0xffff_ffff) throw new WireError('A field has no number.');
    this.#valueEnd = this.#endOfValue();
    if (this.#valueEnd > this.#end) throw new WireError('A field is longer than its message.');
    return true;
  }

  /** Bytes of the value that stands here. */
  get bytes(): number {
    return this.#valueEnd - this.#at;
  }

  /** An unsigned whole number; approximate above 2^53, so compare only with small bounds. @throws WireError */
  varint(): number {
    this.#expect(0);
    const start = this.#at;
    const value = this.#number(10);
    this.#at = start;
    return value;
  }

  /** The numbers of a repeated varint field, packed or not. @throws WireError */
  varints(countMax: number): number[] {
    if (this.wire === 0) return [this.varint()];
    this.#expect(2);
    const inner = new WireReader(this.#bytes, this.#at, this.#valueEnd);
    const values: number[] = [];
    while (inner.#at < inner.#end) {
      if (values.length >= countMax) throw new WireError('A list of numbers is too long.');
      values.push(inner.#number(10));
    }
    return values;
  }

  /** A reader of the message that stands here. @throws WireError */
  message(): WireReader {
    this.#expect(2);
    return new WireReader(this.#bytes, this.#at, this.#valueEnd);
  }

  /** @throws WireError also where the text is longer than `bytesMax`. */
  text(bytesMax = 4_096): string {
    this.#expect(2);
    if (this.bytes > bytesMax) throw new WireError('A name is too long.');
    return decoder.decode(this.#bytes.subarray(this.#at, this.#valueEnd));
  }

  #expect(wire: number): void {
    if (this.wire !== wire) throw new WireError(`Field ${this.field} has another type.`);
  }

  #endOfValue(): number {
    if (this.wire === 1) return this.#at + 8;
    if (this.wire === 5) return this.#at + 4;
    if (this.wire === 2) {
      const length = this.#number(5);
      return this.#at + length;
    }
    if (this.wire !== 0) throw new WireError('A field has an unknown wire type.');
    const start = this.#at;
    this.#number(10);
    const end = this.#at;
    this.#at = start;
    return end;
  }

  #number(bytesMax: number): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < bytesMax; index += 1) {
      if (this.#at >= this.#end) throw new WireError('The message ends inside a number.');
      const byte = this.#bytes[this.#at] ?? 0;
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new WireError('A number is too long.');
  }
}
