import type { Sampled, Sampling } from './sampling.ts';
import type { TextStream } from './text-stream.ts';

/** What is heard of an answer while it is made. */
export type RowEvents = {
  /** A token was chosen; `text` is what may be shown by now. */
  readonly onToken: (token: Sampled, text: string) => void;
  readonly onEnd: (end: RowEnd) => void;
  readonly onFailure: (error: Error) => void;
};

export type RowEnd = { readonly reason: 'stop' | 'length'; readonly text: string; readonly completionTokens: number };

/** One answer that is asked for. */
export type RowRequest = {
  readonly prompt: readonly number[];
  /** At least 1. */
  readonly newTokensMax: number;
  readonly sampling: Sampling;
  readonly endTokens: ReadonlySet<number>;
  readonly stream: TextStream;
  readonly random: () => number;
  readonly events: RowEvents;
};

/** An answer in the making. */
export class Row {
  readonly request: RowRequest;
  /** Tokens that the cache has. */
  length = 0;
  /** The token that is fed next. */
  next = 0;
  /** Set when nobody wants the answer any more. */
  cancelled = false;
  #said = new Map<number, number>();
  #tokens = 0;

  constructor(request: RowRequest) {
    this.request = request;
  }

  /** The most tokens that the cache must hold for it. */
  get tokensMax(): number {
    return this.request.prompt.length + this.request.newTokensMax;
  }

  get said(): ReadonlyMap<number, number> {
    return this.#said;
  }

  /** Takes the token that was chosen. Answers whether the answer goes on. */
  take(sampled: Sampled): boolean {
    const { events, endTokens, stream, newTokensMax } = this.request;
    this.#tokens += 1;
    if (endTokens.has(sampled.token)) return this.#end('stop', stream.end().text);
    this.#said.set(sampled.token, (this.#said.get(sampled.token) ?? 0) + 1);
    this.next = sampled.token;
    const shown = stream.push(sampled.token);
    events.onToken(sampled, shown.text);
    if (shown.stopped) return this.#end('stop', '');
    if (this.#tokens < newTokensMax) return true;
    const rest = stream.end();
    return this.#end(rest.stopped ? 'stop' : 'length', rest.text);
  }

  #end(reason: RowEnd['reason'], text: string): false {
    this.request.events.onEnd({ reason, text, completionTokens: this.#tokens });
    return false;
  }
}
