import type { Clock } from '@agon/kit';

/**
 * Remembers since when runs could not be scored through the service's fault. A process that starts anew has all its
 * patience again, so an outage costs a submission only when this process saw all of it.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #failingSinceMs = new Map<string, number>();

  constructor(options: { clock: Clock; patienceMs: number }) {
    this.#clock = options.clock;
    this.#patienceMs = options.patienceMs;
  }

  /** Notes that scoring failed once more; true where that has gone on for too long. */
  isOver(runId: string): boolean {
    const nowMs = this.#clock.nowMs();
    const sinceMs = this.#failingSinceMs.get(runId) ?? nowMs;
    this.#failingSinceMs.set(runId, sinceMs);
    const over = nowMs - sinceMs >= this.#patienceMs;
    if (over) this.forget(runId);
    return over;
  }

  forget(runId: string): void {
    this.#failingSinceMs.delete(runId);
  }
}
