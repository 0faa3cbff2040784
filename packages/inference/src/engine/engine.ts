import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Lane } from './lane.ts';
import type { Row } from './row.ts';

/**
 * Makes the answers of all lanes of a model, in turns: some of a prompt, then a token for every row, lane by lane, so that
 * nobody waits for another's whole answer.
 */
export class Engine {
  readonly #lanes = new Map<string, Lane>();
  readonly #cacheBytesMax: number;
  #running = false;

  /** @param options.cacheBytesMax of the caches of all lanes; one row is always let in. */
  constructor(options: { cacheBytesMax: number }) {
    this.#cacheBytesMax = options.cacheBytesMax;
  }

  /** Puts a row in line; `makeLane` is asked for the lane where there is none of the name. */
  add(name: string, row: Row, makeLane: () => Lane): void {
    const lane = this.#lanes.get(name) ?? makeLane();
    this.#lanes.set(name, lane);
    lane.add(row);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#lanes.size > 0) {
      for (const [name, lane] of this.#lanes) {
        await this.#turn(lane);
        if (lane.rows.length === 0) this.#lanes.delete(name);
        // Requests and cancellations are heard here.
        await nextTurn();
      }
    }
    this.#running = false;
  }

  async #turn(lane: Lane): Promise<void> {
    try {
      await lane.readPrompts((row) => this.#fits(lane, row));
      await nextTurn();
      await lane.step();
    } catch (error) {
      lane.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fits(lane: Lane, row: Row): boolean {
    const others = [...this.#lanes.values()].filter((each) => each !== lane);
    const taken = others.reduce((sum, each) => sum + each.bytesWith(undefined), 0);
    if (taken + lane.bytesWith(row) <= this.#cacheBytesMax) return true;
    return taken === 0 && lane.bytesWith(undefined) === 0;
  }
}
