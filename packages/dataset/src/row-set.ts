/**
 * A set of 64-bit hashes in typed arrays: 8 bytes a slot, no objects, so that two million rows take 32 MiB. Two rows
 * that differ are taken for one with a chance below n² / 2^65, which is one in ten million for two million rows.
 */
export class RowSet {
  #high = new Uint32Array(1024);
  #low = new Uint32Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a hash; false when it was there. */
  add(high: number, low: number): boolean {
    // Zero marks an empty slot.
    const keyLow = high === 0 && low === 0 ? 1 : low;
    const slot = slotOf(this.#high, this.#low, high, keyLow);
    if (this.#high[slot] !== 0 || this.#low[slot] !== 0) return false;
    this.#high[slot] = high;
    this.#low[slot] = keyLow;
    this.#size += 1;
    if (this.#size * 2 > this.#high.length) this.#grow();
    return true;
  }

  #grow(): void {
    const high = new Uint32Array(this.#high.length * 2);
    const low = new Uint32Array(this.#low.length * 2);
    for (let index = 0; index < this.#high.length; index += 1) {
      const keyHigh = this.#high[index] ?? 0;
      const keyLow = this.#low[index] ?? 0;
      if (keyHigh === 0 && keyLow === 0) continue;
      const slot = slotOf(high, low, keyHigh, keyLow);
      high[slot] = keyHigh;
      low[slot] = keyLow;
    }
    this.#high = high;
    this.#low = low;
  }
}

/** The slot that holds the key, or the empty one where it belongs. */
function slotOf(high: Uint32Array, low: Uint32Array, keyHigh: number, keyLow: number): number {
  const mask = high.length - 1;
  let slot = keyLow & mask;
  while ((high[slot] !== 0 || low[slot] !== 0) && (high[slot] !== keyHigh || low[slot] !== keyLow)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}
