import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@agon/contracts';
import type { Generation } from '../protocol.ts';
import {
  type ChatEnd,
  type ChatPart,
  type Classification,
  type HostOptions,
  ModelHost,
  type ServedAdapter,
  type ServedModel,
} from './model-host.ts';

export type HostsOptions = {
  /** For links to models and for graphs; best on the models' file system. Only this object may use it. */
  readonly folder: string;
  /** Models that are loaded at a time, and their memory together. */
  readonly modelsMax: number;
  readonly memoryMibMax: number;
  /** A model that nobody asked for this long goes. */
  readonly idleMs: number;
  /** Answers of one model that are made or wait. */
  readonly answersMax: number;
  readonly settings: HostOptions['settings'];
};

type Entry = {
  readonly name: string;
  readonly folder: string;
  readonly memoryMib: number;
  readonly host: Promise<ModelHost>;
  users: number;
  timer: NodeJS.Timeout | undefined;
};

/** The runtime, tokenizer and JavaScript; then weights as they lie on disk and in the layout of the kernels. */
const memoryMibOfRuntime = 768;
const memoryBytesPerParameter = 10;
const loadMsOfRuntime = 60_000;
const loadMsPerMillionParameters = 100;
const mib = 2 ** 20;

/**
 * Keeps models loaded for those who talk to them. Each has a process of its own, so that letting one go gives its memory
 * back and one that crashes takes no other with it. The least recently used one that nobody talks to goes first.
 */
export class ModelHosts {
  readonly #options: HostsOptions;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  readonly #ending = new Set<Promise<void>>();
  #count = 0;
  #closed = false;

  constructor(options: HostsOptions) {
    this.#options = options;
  }

  /** Answers that are made or wait, by model; for metrics. */
  get answers(): number {
    return [...this.#entries.values()].reduce((sum, { users }) => sum + users, 0);
  }

  /** Models that are loaded or being loaded. */
  get models(): number {
    return this.#entries.size;
  }

  /**
   * Lets a model answer a conversation; loads it first where it is not there.
   *
   * @throws AppError `rate_limited` where too many wait or no memory can be freed now, `not_ready` after `close`;
   * GenerationRefusal; the signal's reason; OnnxRejection or Error where the model cannot be loaded or its process fails.
   */
  generate(
    request: { model: ServedModel; adapter: ServedAdapter | null; generation: Generation },
    options: { signal: AbortSignal; onPart: (part: ChatPart) => void },
  ): Promise<ChatEnd> {
    return this.#use(request.model, (host) => host.generate(request, options));
  }

  /**
   * Lets an encoder classify texts; loads it first where it is not there.
   *
   * @returns logits, `texts * classes`
   * @throws as `generate`
   */
  classify(model: ServedModel, request: Classification, options: { signal: AbortSignal }): Promise<Float32Array> {
    return this.#use(model, (host) => host.classify(request, options));
  }

  async #use<T>(model: ServedModel, work: (host: ModelHost) => Promise<T>): Promise<T> {
    const entry = this.#entryOf(model);
    if (entry.users >= this.#options.answersMax) {
      throw busy('Too many answers of this model are waited for; try again in a moment.');
    }
    entry.users += 1;
    try {
      return await work(await entry.host);
    } finally {
      entry.users -= 1;
      await this.#rest(entry);
    }
  }

  /** Ends every model, also while it answers. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const entry of [...this.#entries.values()]) this.#evict(entry);
    await Promise.all(this.#ending);
  }

  #entryOf(model: ServedModel): Entry {
    if (this.#closed) throw new AppError('not_ready', 'The service is shutting down.');
    const known = this.#entries.get(model.name);
    const entry = known ?? this.#load(model);
    clearTimeout(entry.timer);
    this.#entries.delete(model.name);
    this.#entries.set(model.name, entry);
    return entry;
  }

  #load(model: ServedModel): Entry {
    const { cacheBytesMax } = this.#options.settings;
    const memoryMib = Math.ceil(
      memoryMibOfRuntime + (model.parameters * memoryBytesPerParameter + cacheBytesMax) / mib,
    );
    this.#makeRoom(memoryMib);
    this.#count += 1;
    const folder = join(this.#options.folder, String(this.#count));
    const loadMs = loadMsOfRuntime + (model.parameters / 1e6) * loadMsPerMillionParameters;
    // The evicted ones give their memory back first.
    const host = Promise.all(this.#ending).then(() =>
      ModelHost.open(model, { folder, memoryMib, loadMs, settings: this.#options.settings }),
    );
    const entry: Entry = { name: model.name, folder, memoryMib, host, users: 0, timer: undefined };
    host.catch(() => this.#evict(entry));
    return entry;
  }

  /** @throws AppError `rate_limited` where models that answer now take all there is. */
  #makeRoom(memoryMib: number): void {
    const { modelsMax, memoryMibMax } = this.#options;
    const taken = (): number => [...this.#entries.values()].reduce((sum, entry) => sum + entry.memoryMib, 0);
    const fits = (): boolean =>
      this.#entries.size === 0 || (this.#entries.size < modelsMax && taken() + memoryMib <= memoryMibMax);
    for (const entry of [...this.#entries.values()]) {
      if (fits()) return;
      if (entry.users === 0) this.#evict(entry);
    }
    if (!fits()) throw busy('Other models are answering and take all memory; try again in a moment.');
  }

  /** A dead process goes at once, so that the next request starts another. */
  async #rest(entry: Entry): Promise<void> {
    const host = await entry.host.catch(() => undefined);
    if (!host?.alive) this.#evict(entry);
    else if (entry.users === 0) {
      clearTimeout(entry.timer);
      entry.timer = setTimeout(() => this.#evict(entry), this.#options.idleMs).unref();
    }
  }

  #evict(entry: Entry): void {
    clearTimeout(entry.timer);
    if (this.#entries.get(entry.name) === entry) this.#entries.delete(entry.name);
    const ended = entry.host
      .then((host) => host.close())
      .catch(() => undefined)
      .then(() => rm(entry.folder, { recursive: true, force: true }))
      .finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }
}

const busy = (message: string): AppError => new AppError('rate_limited', message, { retryAfterSeconds: 2 });
