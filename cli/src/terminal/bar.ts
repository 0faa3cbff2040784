const full = '━';
const empty = '╌';

/** A bar of `width` characters, `share` of it full. */
export function renderBar(share: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return full.repeat(filled) + empty.repeat(width - filled);
}

/** Redraws some lines in place in a terminal. */
export class LiveLines {
  readonly #write: (text: string) => void;
  #height = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  draw(lines: readonly string[]): void {
    this.clear();
    this.#write(lines.map((line) => `${line}\n`).join(''));
    this.#height = lines.length;
  }

  clear(): void {
    if (this.#height > 0) this.#write(`\u001b[${this.#height}A\u001b[0J`);
    this.#height = 0;
  }
}
