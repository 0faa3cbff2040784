import { limits } from '@agon/contracts';
import { planSplit, type SplitPlan } from './plan-split.ts';

const firstCapacity = 1_024;

/**
 * Collects the keys of rows, drops duplicates, and plans the split. Takes 20 to 40 bytes a row: the first 64 bits of a
 * key, its stratum, and a hash table of places. Two rows whose keys begin with the same 64 bits are one row: for
 * 2,000,000 different rows that happens once in ten million datasets.
 */
export class SplitPlanner {
  #high = new Uint32Array(firstCapacity);
  #low = new Uint32Array(firstCapacity);
  #strata = new Uint16Array(firstCapacity);
  /** Open addressing; holds place + 1, or 0 where free. */
  #table = new Int32Array(firstCapacity * 2);
  #duplicateRows = new Uint8Array(firstCapacity / 8);
  #count = 0;
  #seen = 0;

  /**
   * @param key a row's key, at least 8 bytes.
   * @param stratum the class index, 0 for regression.
   * @returns false for a duplicate of an earlier row.
   */
  add(key: Uint8Array, stratum: number): boolean {
    if (stratum < 0 || stratum >= limits.classesMax) throw new RangeError(`There is no stratum ${stratum}.`);
    const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
    const high = view.getUint32(0);
    const low = view.getUint32(4);
    const ordinal = this.#seen;
    this.#seen += 1;
    const slot = this.#slotOf(high, low);
    if (this.#table[slot] !== 0) {
      this.#markDuplicate(ordinal);
      return false;
    }
    if (this.#count === this.#high.length) this.#grow();
    this.#high[this.#count] = high;
    this.#low[this.#count] = low;
    this.#strata[this.#count] = stratum;
    this.#count += 1;
    this.#table[this.#slotOf(high, low)] = this.#count;
    return true;
  }

  /** Different rows so far. */
  get rows(): number {
    return this.#count;
  }

  get duplicates(): number {
    return this.#seen - this.#count;
  }

  /** Whether the row that was added as number `ordinal` (from 0) repeats an earlier one. */
  isDuplicate(ordinal: number): boolean {
    return (((this.#duplicateRows[ordinal >>> 3] ?? 0) >>> (ordinal & 7)) & 1) === 1;
  }

  /** Plans the split; see `planSplit`. `strata` is the number of classes, 1 where there are none. */
  plan(strata: number, rowsMax?: number): SplitPlan {
    const sizes = new Uint32Array(strata);
    for (let place = 0; place < this.#count; place += 1) {
      const stratum = this.#strata[place] as number;
      if (stratum >= strata) throw new RangeError(`A row has stratum ${stratum} of ${strata}.`);
      sizes[stratum] = (sizes[stratum] as number) + 1;
    }
    const prefixes = Array.from(sizes, (size) => new BigUint64Array(size));
    const filled = new Uint32Array(strata);
    for (let place = 0; place < this.#count; place += 1) {
      const stratum = this.#strata[place] as number;
      const prefix = (BigInt(this.#high[place] as number) << 32n) | BigInt(this.#low[place] as number);
      (prefixes[stratum] as BigUint64Array)[filled[stratum] as number] = prefix;
      filled[stratum] = (filled[stratum] as number) + 1;
    }
    return planSplit(prefixes, rowsMax);
  }

  /** The slot of a key: where it is, or the free one where it would go. */
  #slotOf(high: number, low: number): number {
    const mask = this.#table.length - 1;
    let slot = low & mask;
    for (let probe = 0; probe <= mask; probe += 1) {
      const place = (this.#table[slot] as number) - 1;
      if (place < 0 || (this.#low[place] === low && this.#high[place] === high)) return slot;
      slot = (slot + 1) & mask;
    }
    throw new RangeError('The table of keys is full.');
  }

  #markDuplicate(ordinal: number): void {
    if (ordinal >>> 3 >= this.#duplicateRows.length) {
      const wider = new Uint8Array(Math.max((ordinal >>> 3) + 1, this.#duplicateRows.length * 2));
      wider.set(this.#duplicateRows);
      this.#duplicateRows = wider;
    }
    this.#duplicateRows[ordinal >>> 3] = (this.#duplicateRows[ordinal >>> 3] as number) | (1 << (ordinal & 7));
  }

  #grow(): void {
    const capacity = this.#high.length * 2;
    const [high, low, strata] = [new Uint32Array(capacity), new Uint32Array(capacity), new Uint16Array(capacity)];
    high.set(this.#high);
    low.set(this.#low);
    strata.set(this.#strata);
    [this.#high, this.#low, this.#strata] = [high, low, strata];
    this.#table = new Int32Array(capacity * 2);
    for (let place = 0; place < this.#count; place += 1)
      this.#table[this.#slotOf(high[place] as number, low[place] as number)] = place + 1;
  }
}
