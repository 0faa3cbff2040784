const sketchSize = 1_024;
const hashSpan = 2 ** 52;

const doubles = new Float64Array(1);
const words = new Uint32Array(doubles.buffer);

/** Mixes two 32-bit words into 52 bits (the finaliser of MurmurHash3, twice). */
function mix(left: number, right: number): number {
  let a = left ^ Math.imul(right, 0xcc9e2d51);
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b);
  a = Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  a ^= a >>> 16;
  let b = right ^ Math.imul(left, 0x1b873593) ^ a;
  b = Math.imul(b ^ (b >>> 15), 0x2c1b3c6d);
  b = Math.imul(b ^ (b >>> 12), 0x297a2d39);
  b ^= b >>> 15;
  return (a >>> 0) * 2 ** 20 + ((b >>> 0) >>> 12);
}

/** 52 bits of a number's bits. */
export function hashOfNumber(value: number): number {
  doubles[0] = value + 0;
  return mix(words[0] as number, words[1] as number);
}

/** 52 bits of a string: two FNV-1a passes over its UTF-16 code units, mixed. */
export function hashOfString(text: string): number {
  let left = 0x811c9dc5;
  let right = 0x9747b28c;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    left = Math.imul(left ^ unit, 0x01000193);
    right = Math.imul(right ^ unit, 0x5bd1e995);
  }
  return mix(left ^ 0x5f3759df, right);
}

/**
 * Counts distinct values in 8 KiB: exact up to 1,023, an estimate (about 3 % off) beyond. Keeps the k smallest hashes;
 * the k-th says how thickly they lie (Bar-Yossef et al. 2002, "Counting distinct elements in a data stream"). The order
 * of the values does not matter.
 */
export class DistinctCounter {
  #smallest = new Float64Array(16);
  #count = 0;

  /** @param hash 52 bits, from `hashOfNumber` or `hashOfString`. */
  add(hash: number): void {
    if (this.#count === sketchSize && hash >= (this.#smallest[sketchSize - 1] as number)) return;
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#smallest[middle] as number) < hash) low = middle + 1;
      else high = middle;
    }
    if (low < this.#count && this.#smallest[low] === hash) return;
    if (this.#count === this.#smallest.length && this.#count < sketchSize) this.#grow();
    const kept = Math.min(this.#count, sketchSize - 1);
    this.#smallest.copyWithin(low + 1, low, kept);
    this.#smallest[low] = hash;
    this.#count = Math.min(sketchSize, this.#count + 1);
  }

  /** True where `count` is an estimate. */
  get capped(): boolean {
    return this.#count === sketchSize;
  }

  get count(): number {
    if (!this.capped) return this.#count;
    return Math.round(((sketchSize - 1) * hashSpan) / (this.#smallest[sketchSize - 1] as number));
  }

  #grow(): void {
    const wider = new Float64Array(Math.min(sketchSize, this.#smallest.length * 2));
    wider.set(this.#smallest);
    this.#smallest = wider;
  }
}
