import type { Context } from '../context.ts';
import { LiveLines, renderBar } from './bar.ts';
import { formatBytes } from './table.ts';

const redrawMs = 100;
const barCharacters = 24;

/** A bar on stderr that fills with bytes; draws nothing where nobody looks. */
export class ByteProgress {
  readonly #lines = new LiveLines((text) => process.stderr.write(text));
  readonly #shown: boolean;
  readonly #verb: string;
  readonly #total: number;
  #done = 0;
  #drawnMs = Number.NEGATIVE_INFINITY;

  constructor(context: Pick<Context, 'isTerminal'>, verb: string, total: number) {
    this.#shown = context.isTerminal;
    this.#verb = verb;
    this.#total = total;
  }

  add(bytes: number, name: string): void {
    this.#done += bytes;
    if (!this.#shown || performance.now() < this.#drawnMs + redrawMs) return;
    this.#drawnMs = performance.now();
    const bar = renderBar(this.#done / Math.max(1, this.#total), barCharacters);
    this.#lines.draw([`${bar} ${this.#verb} ${name} ${formatBytes(this.#done)} of ${formatBytes(this.#total)}`]);
  }

  end(): void {
    this.#lines.clear();
  }
}
