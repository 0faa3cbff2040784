/** Hashes normalised rows to 64 bits, for telling equal rows. Not for secrets. */
export class RowHash {
  high = 0;
  low = 0;

  /** Leaves the hash of the row in `high` and `low`. */
  row(cells: readonly string[], target: string): void {
    this.high = 0x9747b28c;
    this.low = 0x3c6ef372;
    this.#cell(cells.length, target);
    for (let index = 0; index < cells.length; index += 1) {
      const cell = cells[index] ?? '';
      if (cell !== '') this.#cell(index, cell);
    }
    this.#finish();
  }

  /** Two multiplicative lanes over the cell's UTF-16 units, each begun with the column, so that cells cannot shift. */
  #cell(column: number, text: string): void {
    let high = Math.imul(this.high ^ (column + 1), 0x85ebca6b);
    let low = Math.imul(this.low ^ (column + 1), 0xc2b2ae35);
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      high = Math.imul((high << 15) ^ (high >>> 17) ^ code, 0x9e3779b1);
      low = Math.imul((low << 13) ^ (low >>> 19) ^ code, 0x27d4eb2f);
    }
    this.high = high ^ text.length;
    this.low = low ^ (text.length << 7);
  }

  /** Mixes each lane with the other, so that every bit depends on all cells. */
  #finish(): void {
    const high = mix(this.high ^ Math.imul(this.low, 0x2545f491));
    this.low = mix(this.low ^ Math.imul(high, 0x9e3779b1)) >>> 0;
    this.high = high >>> 0;
  }
}

/** The finaliser of MurmurHash3. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
