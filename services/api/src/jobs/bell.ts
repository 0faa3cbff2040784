/** Wakes one waiter. Rings while nobody waits are kept as one. */
export class Bell {
  #rung: 'loudly' | 'softly' | undefined;
  #wake: (() => void) | undefined;

  /** A loud ring stays loud whatever follows. */
  ring(loudly: boolean): void {
    if (loudly || this.#rung === undefined) this.#rung = loudly ? 'loudly' : 'softly';
    this.#wake?.();
  }

  /** Answers how it was rung, or `time` where it was not within so many milliseconds. */
  async wait(ms: number): Promise<'loudly' | 'softly' | 'time'> {
    if (this.#rung === undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    const rung = this.#rung ?? 'time';
    this.#rung = undefined;
    return rung;
  }
}
