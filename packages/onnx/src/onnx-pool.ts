import { performance } from 'node:perf_hooks';
import { AppError } from '@agon/contracts';
import { type OnnxChild, type OnnxLimits, openOnnxChild } from './onnx-child.ts';
import { Slots } from './slots.ts';

export type OnnxPoolOptions = {
  readonly limits: OnnxLimits;
  /** Models that are kept loaded. */
  readonly childrenMax: number;
  /** Memory of all processes together, above which the least recently used idle ones go. */
  readonly memoryMibMax: number;
  /** A model that nobody asked for this long goes. */
  readonly idleMs: number;
  /** Calls that may wait for one model. */
  readonly waitingMax: number;
};

/** A model that others wait for keeps its place so long for the calls that wait for it: loading costs more than a call. */
const turnsMs = 2_000;

type Entry = {
  readonly modelPath: string;
  /** Set while the entry holds a slot. */
  child: Promise<OnnxChild> | undefined;
  /** The last call in line. */
  tail: Promise<unknown>;
  users: number;
  loadedMs: number;
  timer: NodeJS.Timeout | undefined;
};

/**
 * Keeps models warm for calls that come one by one: one process per model file, calls to it in turn, a dead process
 * replaced at the next call.
 */
export class OnnxPool {
  readonly #options: OnnxPoolOptions;
  readonly #slots: Slots;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  readonly #ending = new Set<Promise<void>>();
  #closed = false;

  constructor(options: OnnxPoolOptions) {
    this.#options = options;
    this.#slots = new Slots(options.childrenMax);
  }

  /** Models that are loaded now. */
  get size(): number {
    return this.#loaded().length;
  }

  /**
   * Calls `work` with the model's process, alone.
   *
   * @throws AppError `rate_limited` where too many calls wait already; `not_ready` after `close`; what `openOnnxChild`
   * and `work` throw.
   */
  async use<T>(modelPath: string, work: (child: OnnxChild) => Promise<T>): Promise<T> {
    const entry = this.#touch(modelPath);
    if (entry.users > this.#options.waitingMax) {
      throw new AppError('rate_limited', 'Too many predictions wait for this model; try again in a moment.', {
        retryAfterSeconds: 1,
      });
    }
    entry.users += 1;
    const turn = entry.tail.then(() => this.#turn(entry, work));
    entry.tail = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      entry.users -= 1;
      this.#rest(entry);
    }
  }

  /** Ends every process, also those at work. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const entry of this.#loaded()) this.#evict(entry);
    this.#entries.clear();
    await Promise.all(this.#ending);
  }

  #touch(modelPath: string): Entry {
    const entry = this.#entries.get(modelPath) ?? {
      modelPath,
      child: undefined,
      tail: Promise.resolve(),
      users: 0,
      loadedMs: 0,
      timer: undefined,
    };
    clearTimeout(entry.timer);
    this.#entries.delete(modelPath);
    this.#entries.set(modelPath, entry);
    return entry;
  }

  async #turn<T>(entry: Entry, work: (child: OnnxChild) => Promise<T>): Promise<T> {
    const child = await this.#childOf(entry);
    try {
      return await work(child);
    } finally {
      if (!child.alive || (this.#slots.wanted && this.#hadItsTurns(entry))) this.#evict(entry);
      else await this.#fitMemory();
    }
  }

  #hadItsTurns(entry: Entry): boolean {
    return entry.users <= 1 || performance.now() - entry.loadedMs > turnsMs;
  }

  async #childOf(entry: Entry): Promise<OnnxChild> {
    if (entry.child !== undefined) {
      const warm = await entry.child;
      if (warm.alive) return warm;
      this.#evict(entry);
    }
    if (this.#slots.full) this.#evictIdle();
    await this.#slots.take();
    if (this.#closed) {
      this.#slots.give();
      throw new AppError('not_ready', 'The service is shutting down.');
    }
    const child = openOnnxChild({ modelPath: entry.modelPath, limits: this.#options.limits });
    entry.child = child;
    entry.loadedMs = performance.now();
    try {
      return await child;
    } catch (error) {
      if (entry.child === child) this.#evict(entry);
      throw error;
    }
  }

  #rest(entry: Entry): void {
    if (entry.users > 0) return;
    clearTimeout(entry.timer);
    if (entry.child === undefined) this.#entries.delete(entry.modelPath);
    else entry.timer = setTimeout(() => this.#forget(entry), this.#options.idleMs).unref();
  }

  async #fitMemory(): Promise<void> {
    const children = await Promise.all(this.#loaded().map((entry) => entry.child?.catch(() => undefined)));
    const sizes = await Promise.all(children.map(async (child) => (await child?.memoryMib()) ?? 0));
    let total = sizes.reduce((sum, mib) => sum + mib, 0);
    const mean = total / Math.max(1, sizes.length);
    while (total > this.#options.memoryMibMax && this.#evictIdle()) total -= mean;
  }

  #loaded(): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.child !== undefined);
  }

  /** Ends the least recently used process that nobody uses; false where there is none. */
  #evictIdle(): boolean {
    const idle = this.#loaded().find((entry) => entry.users === 0);
    if (idle) this.#forget(idle);
    return idle !== undefined;
  }

  #forget(entry: Entry): void {
    clearTimeout(entry.timer);
    this.#entries.delete(entry.modelPath);
    this.#evict(entry);
  }

  /** Ends an entry's process and gives its slot back when it is gone. */
  #evict(entry: Entry): void {
    const { child } = entry;
    if (!child) return;
    entry.child = undefined;
    const ended = child
      .then((opened) => opened.close())
      .catch(() => undefined)
      .finally(() => {
        this.#ending.delete(ended);
        this.#slots.give();
      });
    this.#ending.add(ended);
  }
}
