/** How many of something each owner has open now. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** Counts one more, unless there are `most` already; answers whether it did. */
  enter(owner: string, most: number): boolean {
    const count = this.#counts.get(owner) ?? 0;
    if (count >= most) return false;
    this.#counts.set(owner, count + 1);
    return true;
  }

  leave(owner: string): void {
    const count = this.#counts.get(owner) ?? 0;
    if (count > 1) this.#counts.set(owner, count - 1);
    else this.#counts.delete(owner);
  }
}
