import ort from 'onnxruntime-node';
import { type CacheShape, KeyValueCache } from './key-value-cache.ts';
import type { Row } from './row.ts';
import { sample } from './sampling.ts';

export type LaneOptions = {
  readonly session: ort.InferenceSession;
  readonly shape: CacheShape;
  readonly vocabulary: number;
  /** The adapter's matrices, where the graph takes some. */
  readonly extra: Readonly<Record<string, ort.Tensor>>;
  /** Answers at a time. */
  readonly rowsMax: number;
  /** Tokens of a prompt that are read in one step, so that others wait no longer. */
  readonly promptStepTokens: number;
};

/**
 * Answers of one model, or of one adapter of it, that are made together. Between steps rows come and go: a new row's
 * prompt is read piece by piece while the others go on, then it joins them. Rows being answered fill the first slots of
 * the cache, the row whose prompt is read has the slot behind them.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #cache: KeyValueCache;
  readonly #active: Row[] = [];
  readonly #waiting: Row[] = [];
  #reading: Row | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#cache = new KeyValueCache(options.shape);
  }

  add(row: Row): void {
    this.#waiting.push(row);
  }

  get rows(): readonly Row[] {
    return [...this.#active, ...(this.#reading ? [this.#reading] : []), ...this.#waiting];
  }

  /** Bytes that the cache needs for the rows that are in it, and for one more. */
  bytesWith(row: Row | undefined): number {
    const rows = [...this.#active, ...(this.#reading ? [this.#reading] : []), ...(row ? [row] : [])];
    const tokens = Math.max(0, ...rows.map((each) => each.tokensMax));
    return KeyValueCache.bytes(this.#options.shape, rows.length, tokens);
  }

  /** Lets the next row in, where there is a place and `fits` agrees; reads some of its prompt. */
  async readPrompt(fits: (row: Row) => boolean): Promise<void> {
    this.#dropCancelled();
    const row = this.#reading ?? this.#admit(fits);
    if (!row) return;
    const { prompt } = row.request;
    const piece = prompt.slice(row.length, row.length + this.#options.promptStepTokens);
    const logits = await this.#run({ first: this.#active.length, rows: [row], tokens: piece });
    if (row.length < prompt.length) return;
    this.#reading = undefined;
    this.#active.push(row);
    this.#choose(logits);
  }

  /** One more token for every row that is being answered. */
  async step(): Promise<void> {
    this.#dropCancelled();
    if (this.#active.length === 0) return;
    const rows = [...this.#active];
    this.#choose(await this.#run({ first: 0, rows, tokens: rows.map((row) => row.next) }), rows);
  }

  /** Ends every row with an error. */
  fail(error: Error): void {
    for (const row of this.rows) if (!row.cancelled) row.request.events.onFailure(error);
    this.#active.length = 0;
    this.#waiting.length = 0;
    this.#reading = undefined;
    this.#cache.clear();
  }

  #admit(fits: (row: Row) => boolean): Row | undefined {
    const row = this.#waiting[0];
    if (!row || this.#active.length >= this.#options.rowsMax || !fits(row)) return undefined;
    this.#waiting.shift();
    this.#reading = row;
    const lengths = this.#active.map((each) => each.length);
    this.#cache.reserve({ rows: lengths.length + 1, tokens: row.tokensMax, lengths });
    return row;
  }

  /** Feeds the same number of tokens to each of the rows; answers the logits of each row's last one. */
  async #run(work: { first: number; rows: readonly Row[]; tokens: readonly number[] }): Promise<Float32Array> {
    const { first, rows, tokens } = work;
    const each = tokens.length / rows.length;
    for (const row of rows) row.length += each;
    const total = Math.max(...rows.map((row) => row.length));
    const mask = new BigInt64Array(rows.length * total);
    for (const [index, row] of rows.entries()) mask.fill(1n, index * total, index * total + row.length);
    const { buffers, dims } = this.#cache.rows(first, rows.length);
    const cache = buffers.map((buffer) => new ort.Tensor('float32', buffer, dims));
    const named = (name: string) =>
      Object.fromEntries(cache.map((tensor, at) => [`${name}.${at >> 1}.${at & 1 ? 'value' : 'key'}`, tensor]));
    const feeds = {
      ...this.#options.extra,
      ...named('past_key_values'),
      input_ids: new ort.Tensor('int64', BigInt64Array.from(tokens, BigInt), [rows.length, each]),
      attention_mask: new ort.Tensor('int64', mask, [rows.length, total]),
      position_ids: new ort.Tensor('int64', new BigInt64Array(tokens.length), [rows.length, each]),
    };
    // The same memory is given as the past and for what is present after: the runtime then extends it in place.
    const outputs = await this.#options.session.run(feeds, { ...named('present'), logits: null });
    return outputs.logits?.data as Float32Array;
  }

  /** Chooses the next token of the rows; by default of the row that joined last. Those that end leave. */
  #choose(logits: Float32Array, rows: readonly Row[] = this.#active.slice(-1)): void {
    const { vocabulary } = this.#options;
    for (const [index, row] of rows.entries()) {
      const { sampling, random } = row.request;
      const position = logits.subarray(index * vocabulary, (index + 1) * vocabulary);
      if (!row.take(sample(position, sampling, { said: row.said, random }))) this.#leave(row);
    }
    this.#rest();
  }

  #dropCancelled(): void {
    for (const row of this.#active.filter((each) => each.cancelled)) this.#leave(row);
    if (this.#reading?.cancelled) this.#reading = undefined;
    for (let at = this.#waiting.length - 1; at >= 0; at -= 1) {
      if (this.#waiting[at]?.cancelled) this.#waiting.splice(at, 1);
    }
    this.#rest();
  }

  /** Closes the gap that a row leaves, so that the rows stay side by side. */
  #leave(row: Row): void {
    const gap = this.#active.indexOf(row);
    if (gap < 0) return;
    const last = this.#active.length - 1;
    const mover = this.#active[last];
    if (mover && gap !== last) {
      this.#cache.move(last, gap, mover.length);
      this.#active[gap] = mover;
    }
    this.#active.pop();
    if (this.#reading) this.#cache.move(last + 1, last, this.#reading.length);
  }

  #rest(): void {
    if (this.rows.length === 0) this.#cache.clear();
  }
}
