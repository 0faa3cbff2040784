/** The text is not JSON of the kind that a safetensors header has. */
export class ScanError extends Error {
  override readonly name = 'ScanError';
}

const whitespace = /[ \t\n\r]*/y;
const digits = /0|[1-9][0-9]{0,15}/y;

/**
 * Reads JSON piece by piece, with the caller saying what must come next. Unlike `JSON.parse` it shows keys that come
 * twice, and what it makes is bounded by what the caller takes.
 */
export class HeaderScanner {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Whether `character` stands here; steps over it if so. */
  take(character: string): boolean {
    this.#match(whitespace);
    if (this.#source[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  /** @throws ScanError */
  expect(character: string): void {
    if (!this.take(character)) throw new ScanError(`expected ${character} at character ${this.#at}`);
  }

  /** @throws ScanError where no string stands here. */
  text(charactersMax: number): string {
    this.#match(whitespace);
    if (this.#source[this.#at] !== '"') throw new ScanError(`expected a string at character ${this.#at}`);
    const end = this.#endOfText(charactersMax);
    const literal = this.#source.slice(this.#at, end);
    this.#at = end;
    try {
      return JSON.parse(literal) as string;
    } catch {
      throw new ScanError(`the string before character ${end} is not valid`);
    }
  }

  /** A whole number from 0 to 2^53 - 1. @throws ScanError */
  wholeNumber(): number {
    this.#match(whitespace);
    const found = this.#match(digits);
    const next = this.#source[this.#at] ?? ' ';
    if (found === undefined || /[0-9.eE+-]/.test(next) || !Number.isSafeInteger(Number(found))) {
      throw new ScanError(`expected a whole number at character ${this.#at}`);
    }
    return Number(found);
  }

  /** Whole numbers in brackets. @throws ScanError */
  wholeNumbers(countMax: number): number[] {
    const numbers: number[] = [];
    this.expect('[');
    if (this.take(']')) return numbers;
    do {
      if (numbers.length >= countMax) throw new ScanError(`a list has more than ${countMax} numbers`);
      numbers.push(this.wholeNumber());
    } while (this.take(','));
    this.expect(']');
    return numbers;
  }

  /** Calls `member` after each key of an object; it must take the value. @throws ScanError on a key that comes twice. */
  object(limits: { membersMax: number; keyCharactersMax: number }, member: (key: string) => void): void {
    const keys = new Set<string>();
    this.expect('{');
    if (this.take('}')) return;
    do {
      const key = this.text(limits.keyCharactersMax);
      if (keys.has(key)) throw new ScanError(`the key ${JSON.stringify(key.slice(0, 100))} comes twice`);
      if (keys.size >= limits.membersMax) throw new ScanError(`an object has more than ${limits.membersMax} keys`);
      keys.add(key);
      this.expect(':');
      member(key);
    } while (this.take(','));
    this.expect('}');
  }

  /** @throws ScanError where anything but spaces follows. */
  end(): void {
    this.#match(whitespace);
    if (this.#at !== this.#source.length) throw new ScanError(`text after the end at character ${this.#at}`);
  }

  /** Where the string that begins here ends, its quotes included; written out, as a pattern would need a stack. */
  #endOfText(charactersMax: number): number {
    const stop = Math.min(this.#source.length, this.#at + charactersMax + 2);
    for (let at = this.#at + 1; at < stop; at += 1) {
      const character = this.#source[at];
      if (character === '"') return at + 1;
      if (character === '\\') at += 1;
    }
    throw new ScanError(`the string at character ${this.#at} does not end within ${charactersMax} characters`);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
}
