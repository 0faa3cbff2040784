const CHUNK_MAX = 512;

/**
 * A sorted list that stays quick at 10^6 items: an array of sorted chunks, so that an insert moves at most one chunk.
 * Items must be distinct under `compare`.
 */
export class SortedList<Item> {
  readonly #compare: (left: Item, right: Item) => number;
  readonly #chunks: Item[][] = [];
  #size = 0;

  constructor(compare: (left: Item, right: Item) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  add(item: Item): void {
    this.#size++;
    const position = this.#chunkOf((other) => this.#compare(other, item) < 0);
    const chunk = this.#chunks[position] ?? this.#chunks.at(-1);
    if (chunk === undefined) {
      this.#chunks.push([item]);
      return;
    }
    chunk.splice(
      firstNotBelow(chunk, (other) => this.#compare(other, item) < 0),
      0,
      item,
    );
    if (chunk.length > CHUNK_MAX) this.#chunks.splice(this.#chunks.indexOf(chunk) + 1, 0, chunk.splice(CHUNK_MAX / 2));
  }

  /** Removes the item that compares equal; nothing happens when there is none. */
  remove(item: Item): void {
    const below = (other: Item) => this.#compare(other, item) < 0;
    const position = this.#chunkOf(below);
    const chunk = this.#chunks[position];
    if (chunk === undefined) return;
    const offset = firstNotBelow(chunk, below);
    if (this.#compare(chunk[offset] as Item, item) !== 0) return;
    chunk.splice(offset, 1);
    this.#size--;
    if (chunk.length === 0) this.#chunks.splice(position, 1);
  }

  /** Items from the first that is not `below` up to, and without, the first that is `above`. */
  *between(below: (item: Item) => boolean, above: (item: Item) => boolean): Generator<Item> {
    const first = this.#chunkOf(below);
    for (let position = first; position < this.#chunks.length; position++) {
      const chunk = this.#chunks[position] as Item[];
      for (let offset = position === first ? firstNotBelow(chunk, below) : 0; offset < chunk.length; offset++) {
        const item = chunk[offset] as Item;
        if (above(item)) return;
        yield item;
      }
    }
  }

  /** The same items as `between`, last first. */
  *betweenReversed(below: (item: Item) => boolean, above: (item: Item) => boolean): Generator<Item> {
    const notAbove = (item: Item) => !above(item);
    const last = Math.min(this.#chunkOf(notAbove), this.#chunks.length - 1);
    for (let position = last; position >= 0; position--) {
      const chunk = this.#chunks[position] as Item[];
      for (
        let offset = (position === last ? firstNotBelow(chunk, notAbove) : chunk.length) - 1;
        offset >= 0;
        offset--
      ) {
        const item = chunk[offset] as Item;
        if (below(item)) return;
        yield item;
      }
    }
  }

  /** The first chunk whose last item is not below. */
  #chunkOf(below: (item: Item) => boolean): number {
    return firstNotBelow(this.#chunks, (chunk) => below(chunk.at(-1) as Item));
  }
}

/** The position of the first item for which `below` is false; the items must be sorted by it. */
function firstNotBelow<Item>(items: readonly Item[], below: (item: Item) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (below(items[middle] as Item)) low = middle + 1;
    else high = middle;
  }
  return low;
}
