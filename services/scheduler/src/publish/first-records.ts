const quote = 0x22;
const lineFeed = 0x0a;

/**
 * The first `count` records of a CSV, header included, without reading the rest. A line feed inside double quotes belongs
 * to its field. Stops with fewer records, but with the header, where they would
 * have more than `bytesMax`.
 */
export async function* firstRecords(
  csv: AsyncIterable<Uint8Array>,
  { count, bytesMax }: { count: number; bytesMax: number },
): AsyncGenerator<Uint8Array> {
  const counter = new RecordCounter(count);
  const held: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of csv) {
    const complete = counter.push(chunk);
    if (complete > 0) yield* [...held.splice(0), chunk.subarray(0, complete)];
    bytes += chunk.length;
    if (counter.full || (counter.count > 0 && bytes > bytesMax)) return;
    held.push(chunk.subarray(complete));
  }
  yield* held;
}

/** Counts records until it has seen enough of them. */
class RecordCounter {
  readonly #countMax: number;
  #count = 0;
  #quoted = false;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count >= this.#countMax;
  }

  /** Answers where the last record that ends in this chunk ends, 0 where none does. */
  push(chunk: Uint8Array): number {
    let complete = 0;
    for (let index = 0; index < chunk.length && !this.full; index += 1) {
      if (chunk[index] === quote) this.#quoted = !this.#quoted;
      if (chunk[index] !== lineFeed || this.#quoted) continue;
      this.#count += 1;
      complete = index + 1;
    }
    return complete;
  }
}
