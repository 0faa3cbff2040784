import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linkFiles, type ModelFile } from '@agon/language';
import { LimitedProcess } from '@agon/onnx';
import type { EngineSettings, FromModel, Generation, RefusalCode, TokenReport, ToModel } from '../protocol.ts';
import { classifyPieces } from './classify-pieces.ts';

/** The built script, also when this file runs from `src` (tests). */
const builtScript = fileURLToPath(new URL('../../dist/child/model-child.js', import.meta.url));
/** An answer that takes longer hangs. */
const answerMsMax = 30 * 60_000;
const cancelMsMax = 60_000;
/** Of a few texts. */
const classifyMsMax = 120_000;

/** An adapter of a served model; `name` follows from its content. */
export type ServedAdapter = { readonly name: string; readonly files: () => Promise<readonly ModelFile[]> };

/** Weights that are served: a base model, or a checkpoint with its base's tokenizer. `name` follows from the content. */
export type ServedModel = {
  readonly name: string;
  /** Tokenizer, chat template and, for a base, its weights. */
  readonly baseFiles: () => Promise<readonly ModelFile[]>;
  /** A full checkpoint's config and weights; null where the base itself is served. */
  readonly checkpointFiles: (() => Promise<readonly ModelFile[]>) | null;
  /** Of the weights in float32; what loading takes follows from it. */
  readonly parameters: number;
};

export type ChatPart = { readonly text: string; readonly report: TokenReport | null };
export type ChatEnd = Pick<
  Extract<FromModel, { kind: 'generated' }>,
  'reason' | 'text' | 'promptTokens' | 'completionTokens'
>;

export type Classification = Omit<Extract<ToModel, { kind: 'classify' }>, 'kind' | 'id'>;

/** The model is well but cannot answer this. */
export class GenerationRefusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.name = 'GenerationRefusal';
    this.code = code;
  }
}

export type HostOptions = {
  readonly folder: string;
  readonly memoryMib: number;
  readonly loadMs: number;
  readonly settings: EngineSettings;
};

/** One model in a process of its own, answering many at once. */
export class ModelHost {
  readonly #folder: string;
  readonly #process: LimitedProcess<ToModel, FromModel>;
  readonly #adapters = new Map<string, Promise<string>>();
  #keys = 0;

  private constructor(folder: string, process: LimitedProcess<ToModel, FromModel>) {
    this.#folder = folder;
    this.#process = process;
  }

  /** @throws OnnxRejection or Error where the model cannot be loaded. */
  static async open(model: ServedModel, options: HostOptions): Promise<ModelHost> {
    const { folder, memoryMib, loadMs, settings } = options;
    const baseFolder = await linkFiles(join(folder, 'base'), await model.baseFiles());
    const weightsFolder = model.checkpointFiles
      ? await linkFiles(join(folder, 'checkpoint'), await model.checkpointFiles())
      : baseFolder;
    const process = await LimitedProcess.start<ToModel, FromModel>({ memoryMib, script: builtScript });
    try {
      await process.ask({ kind: 'open', baseFolder, weightsFolder, graphFolder: folder, settings }, loadMs);
      return new ModelHost(folder, process);
    } catch (error) {
      await process.kill();
      throw error;
    }
  }

  get alive(): boolean {
    return this.#process.alive;
  }

  memoryMib(): Promise<number | undefined> {
    return this.#process.memoryMib();
  }

  /**
   * Answers a conversation; `onPart` hears each token's text. Aborting `signal` ends the work and rejects.
   *
   * @throws GenerationRefusal; the signal's reason; OnnxRejection or Error where the process fails.
   */
  async generate(
    request: { generation: Generation; adapter: ServedAdapter | null },
    options: { signal: AbortSignal; onPart: (part: ChatPart) => void },
  ): Promise<ChatEnd> {
    const { signal, onPart } = options;
    const adapter = request.adapter && { name: request.adapter.name, folder: await this.#adapterOf(request.adapter) };
    signal.throwIfAborted();
    const key = this.#keys;
    this.#keys += 1;
    const answered = this.#process.ask(
      { kind: 'generate', key, generation: request.generation, adapter },
      answerMsMax,
      (part) => {
        if (part.kind === 'part' && !signal.aborted) onPart({ text: part.text, report: part.report });
      },
    );
    const cancel = (): void => void this.#process.ask({ kind: 'cancel', key }, cancelMsMax).catch(() => undefined);
    const answer = await orAborted(answered, signal, cancel);
    if (answer.kind === 'refused') throw new GenerationRefusal(answer.code, answer.message);
    if (answer.kind !== 'generated') throw new Error(`The model's process answered ${answer.kind}.`);
    return answer;
  }

  /**
   * Logits of texts, `texts * classes`. A few texts at a time, so that others come between, and an aborted `signal` ends
   * the work.
   *
   * @throws GenerationRefusal where the model does not classify; the signal's reason; OnnxRejection or Error where the
   * process fails.
   */
  async classify(request: Classification, { signal }: { signal: AbortSignal }): Promise<Float32Array> {
    const { texts, classes } = request;
    const all = new Float32Array(texts.length * classes.length);
    for (const places of classifyPieces(texts)) {
      signal.throwIfAborted();
      const logits = await this.#classifyPiece({ ...request, texts: places.map((place) => texts[place] ?? '') });
      for (const [row, place] of places.entries()) {
        all.set(logits.subarray(row * classes.length, (row + 1) * classes.length), place * classes.length);
      }
    }
    return all;
  }

  async close(): Promise<void> {
    await this.#process.kill();
  }

  async #classifyPiece(piece: Classification): Promise<Float32Array> {
    const answer = await this.#process.ask({ kind: 'classify', ...piece }, classifyMsMax);
    if (answer.kind === 'refused') throw new GenerationRefusal(answer.code, answer.message);
    if (answer.kind !== 'classified') throw new Error(`The model's process answered ${answer.kind}.`);
    return answer.logits;
  }

  #adapterOf(adapter: ServedAdapter): Promise<string> {
    const known =
      this.#adapters.get(adapter.name) ??
      adapter.files().then((files) => linkFiles(join(this.#folder, `adapter-${this.#adapters.size}`), files));
    this.#adapters.set(adapter.name, known);
    known.catch(() => this.#adapters.delete(adapter.name));
    return known;
  }
}

/** Rejects at once when the signal is aborted, and calls `cancel`; what comes afterwards is dropped. */
function orAborted<T>(answered: Promise<T>, signal: AbortSignal, cancel: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel();
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
    answered.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
