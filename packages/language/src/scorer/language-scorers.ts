import { join } from 'node:path';
import { LanguageScorer, type ScorerLimits } from './language-scorer.ts';
import type { ModelFile } from './link-files.ts';

export type BaseModelFiles = {
  /** Of the model's content. */
  readonly id: string;
  readonly files: () => Promise<readonly ModelFile[]>;
  readonly limits: ScorerLimits;
};

type Loaded = { readonly id: string; readonly scorer: LanguageScorer };

/**
 * Keeps the base model that was scored last loaded, for the next submission on it. One at a time, in the order of asking:
 * two would share the processor and not fit the memory.
 */
export class LanguageScorers {
  readonly #folder: string;
  readonly #idleMs: number;
  #loaded: Loaded | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #count = 0;
  #closed = false;

  /**
   * @param options.folder for links to models; best on their file system. Only this object may use it.
   * @param options.idleMs a model that nobody asked for this long goes.
   */
  constructor(options: { folder: string; idleMs: number }) {
    this.#folder = options.folder;
    this.#idleMs = options.idleMs;
  }

  /** @throws Error where the base model cannot be opened; what `work` throws. */
  use<T>(base: BaseModelFiles, work: (scorer: LanguageScorer) => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => this.#turn(base, work));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Ends what is loaded, also while it works. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#unload();
    await this.#tail;
    await this.#unload();
  }

  async #turn<T>(base: BaseModelFiles, work: (scorer: LanguageScorer) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('The service is shutting down.');
    clearTimeout(this.#timer);
    try {
      return await work(await this.#scorerOf(base));
    } finally {
      this.#timer = setTimeout(() => void this.#rest(), this.#idleMs).unref();
    }
  }

  /** In its turn, so that nobody works with what goes. */
  #rest(): Promise<void> {
    const turn = this.#tail.then(() => this.#unload());
    this.#tail = turn.catch(() => undefined);
    return turn.catch(() => undefined);
  }

  async #scorerOf(base: BaseModelFiles): Promise<LanguageScorer> {
    if (this.#loaded?.id === base.id) return this.#loaded.scorer;
    await this.#unload();
    this.#count += 1;
    const scorer = await LanguageScorer.open({
      folder: join(this.#folder, String(this.#count)),
      files: await base.files(),
      limits: base.limits,
    });
    this.#loaded = { id: base.id, scorer };
    return scorer;
  }

  async #unload(): Promise<void> {
    clearTimeout(this.#timer);
    const loaded = this.#loaded;
    this.#loaded = undefined;
    await loaded?.scorer.close();
  }
}
