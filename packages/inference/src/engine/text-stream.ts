/** What a token added that may be shown, and whether a stop text was met. */
export type Shown = { readonly text: string; readonly stopped: boolean };

const unfinished = '\ufffd';
/** Tokens that a character may be spread over; longer runs of broken bytes are shown as they are. */
const tokensOfCharacterMax = 4;

/**
 * Turns tokens into text as they come. A character whose bytes are spread over tokens waits until it is whole, and the
 * beginning of a stop text until it is clear that it is none.
 */
export class TextStream {
  readonly #decode: (ids: readonly number[]) => string;
  readonly #stops: readonly string[];
  /** Decoded together, as tokenizers put spaces between some tokens. */
  #window: number[] = [];
  /** Of the window, tokens whose text is out already. */
  #settled = 0;
  #held = '';

  constructor(decode: (ids: readonly number[]) => string, stops: readonly string[]) {
    this.#decode = decode;
    this.#stops = stops;
  }

  push(token: number): Shown {
    this.#window.push(token);
    return this.#release(this.#newText(false), false);
  }

  /** What is still held back when nothing more comes. */
  end(): Shown {
    return this.#release(this.#newText(true), true);
  }

  #newText(last: boolean): string {
    const before = this.#decode(this.#window.slice(0, this.#settled));
    const all = this.#decode(this.#window);
    const open = this.#window.length - this.#settled;
    if (!last && all.endsWith(unfinished) && open < tokensOfCharacterMax) return '';
    const added = all.slice(before.length);
    // The tokens that are out now stay as the left neighbours of the next.
    this.#window = this.#window.slice(this.#settled);
    this.#settled = this.#window.length;
    return added;
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
