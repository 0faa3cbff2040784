import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LimitedProcess, OnnxRejection } from '@agon/onnx';
import type { FromScorer, ToScorer } from '../child/protocol.ts';
import type { ExecutionProvider } from '../execution-provider.ts';
import type { EncodedRows, TextRows } from '../rows/encode-rows.ts';
import { linkFiles, type ModelFile } from './link-files.ts';

/** The built script, also when this file runs from `src` (tests). */
const builtScript = fileURLToPath(new URL('../../dist/child/child.js', import.meta.url));

export type ScorerLimits = {
  /** Resident memory of a process. */
  readonly memoryMib: number;
  readonly threads: number;
  /** Absent: the processor. */
  readonly provider?: ExecutionProvider;
  /** For loading a model and checking a submission. */
  readonly loadMs: number;
  /** Slower than that is too slow; on top of `loadMs`. */
  readonly tokensPerSecondMin: number;
};

type Process = LimitedProcess<ToScorer, FromScorer>;
type Answer<K extends FromScorer['kind']> = Extract<FromScorer, { kind: K }>;

/** Tokens that run together: enough that matrices are large, few enough that memory stays small (docs/benchmarks.md). */
const batchTokensDefault = 2_048;
/** Tokenising is bounded by the rows of a part alone. */
const encodeMs = 600_000;
const encodingsMax = 8;

/**
 * Scores submissions on one base model. The model is loaded once, in a process of its own, which starts when it is needed
 * and again when it died. Calls come one at a time.
 */
export class LanguageScorer {
  readonly #folder: string;
  readonly #limits: ScorerLimits;
  readonly #batchTokens: number;
  readonly #encodings = new Map<string, EncodedRows>();
  readonly #baseNats = new WeakMap<EncodedRows, Float64Array>();
  readonly #processes = new Set<Process>();
  #process: Process | undefined;
  #submissions = 0;
  #runtime = 'unknown';
  #closed = false;

  private constructor(options: { folder: string; limits: ScorerLimits; batchTokens?: number }) {
    this.#folder = options.folder;
    this.#limits = options.limits;
    this.#batchTokens = options.batchTokens ?? batchTokensDefault;
  }

  /**
   * @param options.folder is made, and removed by `close`; best on the file system of the files.
   * @param options.files of the base model, by their names in Hugging Face's layout.
   */
  static async open(options: {
    folder: string;
    files: readonly ModelFile[];
    limits: ScorerLimits;
    batchTokens?: number;
  }): Promise<LanguageScorer> {
    await mkdir(options.folder, { recursive: true });
    try {
      await linkFiles(join(options.folder, 'base'), options.files);
    } catch (error) {
      await rm(options.folder, { recursive: true, force: true });
      throw error;
    }
    return new LanguageScorer(options);
  }

  /** Version of onnxruntime, known once something was scored. */
  get runtime(): string {
    return this.#runtime;
  }

  /** Of the process that holds the base; undefined where there is none. */
  get pid(): number | undefined {
    return this.#process?.alive ? this.#process.pid : undefined;
  }

  /** Highest so far, of the process that holds the base. */
  async memoryMib(): Promise<number | undefined> {
    return await this.#process?.memoryMib();
  }

  /**
   * Rows in tokens of the base model; the last few are kept.
   *
   * @param key of the content of the rows.
   * @throws Error where the service or the base model fails.
   */
  async encode(key: string, read: () => Promise<TextRows>, tokensMax: number): Promise<EncodedRows> {
    const name = `${tokensMax} ${key}`;
    const known = this.#encodings.get(name);
    if (known) return known;
    const input = await read();
    const { rows } = await notBlaming(async () =>
      this.#ask<'encoded'>(await this.#started(), { kind: 'encode', input, tokensMax }, encodeMs),
    );
    this.#encodings.set(name, rows);
    const [oldest] = this.#encodings.keys();
    if (this.#encodings.size > encodingsMax && oldest !== undefined) this.#encodings.delete(oldest);
    return rows;
  }

  /**
   * Nats per token row of the base model itself. Computed once for each encoding.
   *
   * @throws Error where the service or the base model fails.
   */
  async scoreBase(sets: readonly EncodedRows[]): Promise<Float64Array[]> {
    const missing = sets.filter((set) => !this.#baseNats.has(set));
    if (missing.length > 0) {
      const nats = await notBlaming(async () => this.#score(await this.#loaded(), missing, null));
      for (const [index, set] of missing.entries()) this.#baseNats.set(set, nats[index] as Float64Array);
    }
    return sets.map((set) => this.#baseNats.get(set) as Float64Array);
  }

  /**
   * Nats per token row of the base model with an adapter in peft's layout.
   *
   * @throws OnnxRejection where the adapter is at fault; Error where the service is.
   */
  async scoreAdapter(
    files: readonly ModelFile[],
    sets: readonly EncodedRows[],
    options: { rankMax: number },
  ): Promise<Float64Array[]> {
    return this.#withSubmission(files, async (folder) =>
      this.#score(await notBlaming(() => this.#loaded()), sets, { folder, rankMax: options.rankMax }),
    );
  }

  /**
   * Nats per token row of a full checkpoint of the base model, in a process of its own.
   *
   * @throws OnnxRejection where the checkpoint is at fault; Error where the service is.
   */
  async scoreCheckpoint(files: readonly ModelFile[], sets: readonly EncodedRows[]): Promise<Float64Array[]> {
    return this.#withCheckpoint(files, (process) => this.#score(process, sets, null));
  }

  /**
   * Logits of a classifier made from the base encoder, `rows * classes`, in the order of the classes.
   *
   * @throws OnnxRejection where the checkpoint is at fault; Error where the service is.
   */
  async classify(
    files: readonly ModelFile[],
    sets: readonly EncodedRows[],
    classes: readonly string[],
  ): Promise<Float32Array[]> {
    return this.#withCheckpoint(files, async (process) => {
      const request = { kind: 'classify', sets: sets.map((set) => set.tokens), classes } as const;
      const answer = await this.#ask<'classified'>(
        process,
        { ...request, batchTokens: this.#batchTokens },
        this.#timeMs(sets),
      );
      return [...answer.logits];
    });
  }

  /** Ends the process and removes the folder; what is under way fails. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#processes].map((process) => this.#kill(process)));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #started(): Promise<Process> {
    if (this.#process?.alive) return this.#process;
    if (this.#process) await this.#kill(this.#process);
    this.#process = await this.#start(null);
    return this.#process;
  }

  async #kill(process: Process): Promise<void> {
    if (this.#process === process) this.#process = undefined;
    await process.kill();
    this.#processes.delete(process);
  }

  /** The process with the base ready to be scored. */
  async #loaded(): Promise<Process> {
    const process = await this.#started();
    await this.#ask<'loaded'>(process, { kind: 'load' }, this.#limits.loadMs);
    return process;
  }

  async #start(checkpointFolder: string | null): Promise<Process> {
    const { memoryMib, threads, loadMs, provider = 'cpu' } = this.#limits;
    this.#checkOpen();
    const process = await LimitedProcess.start<ToScorer, FromScorer>({ memoryMib, script: builtScript });
    this.#runtime = process.runtime;
    this.#processes.add(process);
    const folders = { baseFolder: join(this.#folder, 'base'), graphFolder: this.#folder, checkpointFolder };
    try {
      this.#checkOpen();
      await this.#ask<'opened'>(process, { kind: 'open', ...folders, threads, provider }, loadMs);
      return process;
    } catch (error) {
      await this.#kill(process);
      throw error;
    }
  }

  async #score(
    process: Process,
    sets: readonly EncodedRows[],
    adapter: { folder: string; rankMax: number } | null,
  ): Promise<Float64Array[]> {
    const request = { kind: 'score', sets: sets.map((set) => set.tokens), adapter } as const;
    const timeMs = this.#timeMs(sets);
    const { nats } = await this.#ask<'scored'>(process, { ...request, batchTokens: this.#batchTokens }, timeMs);
    return [...nats];
  }

  #timeMs(sets: readonly EncodedRows[]): number {
    const tokens = sets.reduce((sum, set) => sum + set.tokens.ids.length, 0);
    return this.#limits.loadMs + (1000 * tokens) / this.#limits.tokensPerSecondMin;
  }

  async #ask<K extends FromScorer['kind']>(
    process: Process,
    request: Parameters<Process['ask']>[0],
    timeMs: number,
  ): Promise<Answer<K>> {
    return (await process.ask(request, timeMs)) as Answer<K>;
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error('The scorer was closed.');
  }

  async #withSubmission<T>(files: readonly ModelFile[], work: (folder: string) => Promise<T>): Promise<T> {
    this.#checkOpen();
    this.#submissions += 1;
    const folder = join(this.#folder, `submission-${this.#submissions}`);
    try {
      return await work(await linkFiles(folder, files));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** The base's process goes first where both would not fit: memory is limited for one at a time. */
  async #withCheckpoint<T>(files: readonly ModelFile[], work: (process: Process) => Promise<T>): Promise<T> {
    return this.#withSubmission(files, async (folder) => {
      if (this.#process) await this.#kill(this.#process);
      const process = await this.#start(folder);
      try {
        return await work(process);
      } finally {
        await this.#kill(process);
      }
    });
  }
}

/** Where no submission is under way, nothing is a submission's fault. */
async function notBlaming<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OnnxRejection)) throw error;
    throw new Error(`The base model could not be scored: ${error.message}`, { cause: error });
  }
}
