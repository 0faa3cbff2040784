type Step = { readonly name: string; readonly close: () => unknown };

/** Closes what was opened, in the reverse order, past failures. Add a step right after its thing is opened. */
export class Shutdown {
  readonly #steps: Step[] = [];
  #running: Promise<void> | undefined;

  add(name: string, close: () => unknown): void {
    this.#steps.push({ name, close });
  }

  /** Whether closing has begun. */
  get begun(): boolean {
    return this.#running !== undefined;
  }

  /** Runs once however often it is called. `report` hears of every step, with the error where it failed. */
  run(report: (name: string, error?: unknown) => void = () => undefined): Promise<void> {
    this.#running ??= this.#close(report);
    return this.#running;
  }

  async #close(report: (name: string, error?: unknown) => void): Promise<void> {
    for (const step of this.#steps.toReversed()) {
      try {
        await step.close();
        report(step.name);
      } catch (error) {
        report(step.name, error);
      }
    }
  }
}
