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
  /** Tokens of prompts that are read between two steps, so that the others wait no longer. */
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

  /** Lets the next rows in, where there is a place and `fits` agrees; reads as much of their prompts as one step may. */
  async readPrompts(fits: (row: Row) => boolean): Promise<void> {
    this.#dropCancelled();
    let left = this.#options.promptStepTokens;
    let row = this.#reading ?? this.#admit(fits);
    while (row && left > 0) {
      left -= await this.#read(row, left);
      row = this.#reading ?? this.#admit(fits);
    }
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

  /** Reads some of a prompt; after its last token the row joins the others. Answers how many tokens were read. */
  async #read(row: Row, tokensMax: number): Promise<number> {
    const { prompt } = row.request;
    const piece = prompt.slice(row.length, row.length + tokensMax);
    const logits = await this.#run({ first: this.#active.length, rows: [row], tokens: piece });
    if (row.length === prompt.length) {
      this.#reading = undefined;
      this.#active.push(row);
      this.#choose(logits);
    }
    return piece.length;
  }

  /** Feeds the same number of tokens to each of the rows; answers the logits of each row's last one. */
  async #run(work: { first: number; rows: readonly Row[]; tokens: readonly number[] }): Promise<Float32Array> {
    const { first, rows, tokens } = work;
    const each = tokens.length / rows.length;
    const total = Math.max(...rows.map((row) => row.length + each));
    const mask = new BigInt64Array(rows.length * total);
    const positions = new BigInt64Array(tokens.length);
    for (const [index, { length }] of rows.entries()) {
      mask.fill(1n, index * total, index * total + length + each);
      for (let at = 0; at < each; at += 1) positions[index * each + at] = BigInt(length + at);
    }
    const outputs = await this.#options.session.run({
      ...this.#options.extra,
      ...this.#pastFeeds(first, rows.length),
      input_ids: new ort.Tensor('int64', BigInt64Array.from(tokens, BigInt), [rows.length, each]),
      attention_mask: new ort.Tensor('int64', mask, [rows.length, total]),
      position_ids: new ort.Tensor('int64', positions, [rows.length, each]),
    });
    this.#keep(outputs, { first, rows });
    for (const row of rows) row.length += each;
    return outputs.logits?.data as Float32Array;
  }

  #pastFeeds(first: number, rows: number): Record<string, ort.Tensor> {
    const { buffers, dims } = this.#cache.rows(first, rows);
    return Object.fromEntries(
      buffers.map((buffer, tensor) => [`past_key_values.${nameOf(tensor)}`, new ort.Tensor('float32', buffer, dims)]),
    );
  }

  /** Writes the keys and values of the tokens that were fed behind those of their rows. */
  #keep(
    outputs: ort.InferenceSession.OnnxValueMapType,
    { first, rows }: { first: number; rows: readonly Row[] },
  ): void {
    for (let tensor = 0; tensor < this.#options.shape.tensors; tensor += 1) {
      const added = outputs[`new.${nameOf(tensor)}`]?.data as Float32Array;
      const size = added.length / rows.length;
      for (const [index, row] of rows.entries()) {
        const place = { tensor, slot: first + index, at: row.length };
        this.#cache.write(place, added.subarray(index * size, (index + 1) * size));
      }
    }
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

/** Of a layer's keys or values, which take turns. */
const nameOf = (tensor: number): string => `${tensor >> 1}.${tensor & 1 ? 'value' : 'key'}`;
