/** What a token added that may be shown, and whether a stop text was met. */
export type Shown = { readonly text: string; readonly stopped: boolean };

/** What decoders put for bytes that are no character: also for those of a last one that is not whole yet. */
const unfinished = '\ufffd';
/** A character has at most four bytes, so no token before the last three can have a part in an unfinished one. */
const neighbours = 4;

/**
 * Turns tokens into text as they come. A character whose bytes are spread over tokens waits until it is whole, and the
 * beginning of a stop text until it is clear that it is none.
 *
 * The beginning of a character decodes to one U+FFFD (WHATWG Encoding, "UTF-8 decode"), whatever came before it. So
 * where a text ends in that character, the last one waits and all before is out; a model that means U+FFFD itself is
 * heard one token later.
 */
export class TextStream {
  readonly #decode: (ids: readonly number[]) => string;
  readonly #stops: readonly string[];
  /** Decoded together, as tokenizers put spaces between some tokens. */
  #window: readonly number[] = [];
  /** Characters of the window's text that are out already. */
  #out = 0;
  #held = '';

  constructor(decode: (ids: readonly number[]) => string, stops: readonly string[]) {
    this.#decode = decode;
    this.#stops = stops;
  }

  push(token: number): Shown {
    const all = this.#decode([...this.#window, token]);
    const waiting = all.endsWith(unfinished) ? 1 : 0;
    const added = all.slice(this.#out, all.length - waiting);
    this.#keep([...this.#window, token].slice(-neighbours), waiting);
    return this.#release(added, false);
  }

  /** What is still held back when nothing more comes. */
  end(): Shown {
    return this.#release(this.#decode(this.#window).slice(this.#out), true);
  }

  /** Tokens whose text is out stay as the left neighbours of the next. */
  #keep(window: readonly number[], waiting: number): void {
    this.#window = window;
    this.#out = this.#decode(window).length - waiting;
  }

  #release(added: string, last: boolean): Shown {
    const text = this.#held + added;
    const met = this.#stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    if (met.length > 0) {
      this.#held = '';
      return { text: text.slice(0, Math.min(...met)), stopped: true };
    }
    const kept = last ? 0 : this.#mayBegin(text);
    this.#held = text.slice(text.length - kept);
    return { text: text.slice(0, text.length - kept), stopped: false };
  }

  /** Characters at the end of the text that may be the beginning of a stop text. */
  #mayBegin(text: string): number {
    const lengths = this.#stops.map((stop) => {
      const most = Math.min(stop.length - 1, text.length);
      for (let length = most; length > 0; length -= 1) {
        if (stop.startsWith(text.slice(text.length - length))) return length;
      }
      return 0;
    });
    return Math.max(0, ...lengths);
  }
}
