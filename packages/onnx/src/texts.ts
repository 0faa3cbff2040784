/** Strings of which many are alike: each different one once, and its index per row. Crosses processes faster than strings. */
export type Texts = { readonly codes: Uint32Array; readonly values: readonly string[] };

/** A column of which more than this share is different is cheaper as it is. */
const differentShareMax = 0.5;
const lookRows = 1_024;

/** The strings of some rows, or undefined where they are too different to gain by it. */
export function textsOf(column: readonly string[], start: number, end: number): Texts | undefined {
  const codes = new Uint32Array(end - start);
  const codeByValue = new Map<string, number>();
  const values: string[] = [];
  for (let row = start; row < end; row += 1) {
    const value = column[row] ?? '';
    let code = codeByValue.get(value);
    if (code === undefined) {
      code = values.push(value) - 1;
      codeByValue.set(value, code);
      const seen = row - start + 1;
      if (seen >= lookRows && values.length > seen * differentShareMax) return undefined;
    }
    codes[row - start] = code;
  }
  return { codes, values };
}

/** Strings as they are, from one row to another. */
export function stringsOf({ codes, values }: Texts, start: number, end: number): string[] {
  const strings = new Array<string>(end - start);
  for (let row = start; row < end; row += 1) strings[row - start] = values[codes[row] ?? 0] ?? '';
  return strings;
}

/** Collects strings, one block after another. */
export class TextCollector {
  readonly #codes: Uint32Array;
  readonly #codeByValue = new Map<string, number>();
  readonly #values: string[] = [];
  #count = 0;

  constructor(length: number) {
    this.#codes = new Uint32Array(length);
  }

  get texts(): Texts {
    return { codes: this.#codes, values: this.#values };
  }

  /** Answers how many characters the strings have together. */
  add(strings: readonly string[]): number {
    let characters = 0;
    for (const value of strings) {
      characters += value.length;
      this.#codes[this.#count] = this.#codeOf(value);
      this.#count += 1;
    }
    return characters;
  }

  addTexts({ codes, values }: Texts): void {
    const own = Uint32Array.from(values, (value) => this.#codeOf(value));
    for (const code of codes) {
      this.#codes[this.#count] = own[code] ?? 0;
      this.#count += 1;
    }
  }

  #codeOf(value: string): number {
    const known = this.#codeByValue.get(value);
    if (known !== undefined) return known;
    const code = this.#values.push(value) - 1;
    this.#codeByValue.set(value, code);
    return code;
  }
}
