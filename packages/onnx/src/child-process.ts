import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RejectionCode } from '@agon/contracts';
import type { FromChild, ToChild } from './protocol.ts';
import { OnnxRejection } from './rejection.ts';
import { memoryLookMs, residentMemoryMib } from './resident-memory.ts';

/** The built script, also when this file runs from `src` (tests): both folders lie beside each other. */
const builtScript = fileURLToPath(new URL('../dist/child.js', import.meta.url));
/** A start that takes longer is a fault of the machine. */
const startMsMax = 60_000;
const stderrCharactersMax = 2_000;

/** What every such process says: that its runtime is there, that a model is at fault, or that it failed itself. */
export type ChildNews =
  | { readonly kind: 'ready'; readonly runtime: string }
  | { readonly kind: 'rejected'; readonly id: number; readonly code: RejectionCode; readonly message: string }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };

type Numbered = { readonly kind: string; readonly id: number };
/** What is sent, before it has its number. */
export type Unnumbered<M> = M extends Numbered ? Omit<M, 'id'> : never;
type Waiting<Answer> = {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  /** Hears what comes before the answer. */
  readonly onPart?: ((part: Answer) => void) | undefined;
};
type OnnxAnswer = Exclude<FromChild, { kind: 'ready' | 'rejected' }>;

/**
 * A forked process with a limit on its memory and on the time of each piece of work. Whatever happens to it, every
 * request ends: with its answer, an OnnxRejection (the model's fault) or an Error (the service's).
 */
export class LimitedProcess<Request extends Numbered = ToChild, Answer extends Numbered = OnnxAnswer> {
  readonly #child: ChildProcess;
  readonly #memoryMib: number;
  readonly #waiting = new Map<number, Waiting<Answer>>();
  readonly #exited: Promise<void>;
  #ready: Waiting<void> | undefined;
  #ended: Error | undefined;
  #runtime: string | undefined;
  #ids = 0;
  #watchers = 0;
  #watch: NodeJS.Timeout | undefined;
  #stderr = '';

  private constructor(options: { memoryMib: number; script?: string }) {
    this.#memoryMib = options.memoryMib;
    this.#child = fork(options.script ?? builtScript, [], {
      env: {},
      execArgv: [`--max-old-space-size=${Math.max(64, Math.floor(options.memoryMib / 2))}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-stderrCharactersMax);
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#end(new Error('The scoring process could not be started.', { cause: error }));
        if (this.#child.pid === undefined) resolve();
      });
      this.#child.once('exit', (code, signal) => {
        this.#end(this.#reasonOfExit(code, signal));
        resolve();
      });
    });
  }

  /** @throws Error where the process does not come up. */
  static async start<Request extends Numbered = ToChild, Answer extends Numbered = OnnxAnswer>(options: {
    memoryMib: number;
    script?: string;
  }): Promise<LimitedProcess<Request, Answer>> {
    const started = new LimitedProcess<Request, Answer>(options);
    const ready = new Promise<void>((resolve, reject) => {
      started.#ready = { resolve, reject };
    });
    started.#child.on('message', (message) => started.#receive(message as ChildNews | Answer));
    await started.#within(startMsMax, () => new Error('The scoring process did not start in time.'), ready);
    return started;
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Version of the runtime in the process. */
  get runtime(): string {
    return this.#runtime ?? 'unknown';
  }

  memoryMib(): Promise<number | undefined> {
    return residentMemoryMib(this.pid);
  }

  /**
   * @param onPart hears messages of the kind `part` that come before the answer.
   * @throws OnnxRejection where the model fails or passes a limit; Error where the service does.
   */
  async ask(request: Unnumbered<Request>, timeMs: number, onPart?: (part: Answer) => void): Promise<Answer> {
    if (this.#ended) throw this.#ended;
    this.#ids += 1;
    const id = this.#ids;
    const answered = new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onPart });
      this.#child.send({ ...request, id }, (error) => {
        if (error) this.#settle(id, (waiting) => waiting.reject(this.#ended ?? error));
      });
    });
    const tooSlow = () =>
      new OnnxRejection('inference_too_slow', `The model did not finish within ${Math.round(timeMs / 100) / 10} s.`);
    return this.#within(timeMs, tooSlow, this.#watchingMemory(answered));
  }

  /** Kills the process and waits until it is gone. */
  async kill(reason: Error = new Error('The scoring process was closed.')): Promise<void> {
    this.#end(reason);
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async #within<T>(timeMs: number, late: () => Error, work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => void this.kill(late()), Math.max(0, timeMs));
    try {
      return await work;
    } catch (error) {
      if (!this.alive) await this.#exited;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async #watchingMemory<T>(work: Promise<T>): Promise<T> {
    this.#watchers += 1;
    this.#watch ??= setInterval(() => void this.#checkMemory(), memoryLookMs);
    try {
      const answer = await work;
      await this.#checkMemory();
      if (this.#ended) throw this.#ended;
      return answer;
    } finally {
      this.#watchers -= 1;
      if (this.#watchers === 0) {
        clearInterval(this.#watch);
        this.#watch = undefined;
      }
    }
  }

  async #checkMemory(): Promise<void> {
    if (this.#ended) return;
    const mib = await this.memoryMib();
    if (mib === undefined || mib <= this.#memoryMib || this.#ended) return;
    await this.kill(
      new OnnxRejection(
        'inference_out_of_memory',
        `The model needed ${Math.round(mib)} MiB; the limit is ${this.#memoryMib} MiB.`,
      ),
    );
  }

  #receive(message: ChildNews | Answer): void {
    const news = message as ChildNews;
    if (news.kind === 'ready') {
      this.#runtime = news.runtime;
      this.#ready?.resolve();
    } else if (news.kind === 'rejected') {
      this.#settle(news.id, (waiting) => waiting.reject(new OnnxRejection(news.code, news.message)));
    } else if (news.kind === 'failed') {
      this.#settle(news.id, (waiting) => waiting.reject(new Error(news.message)));
    } else {
      const answer = message as Answer;
      if (answer.kind === 'part') this.#waiting.get(answer.id)?.onPart?.(answer);
      else this.#settle(answer.id, (waiting) => waiting.resolve(answer));
    }
  }

  #settle(id: number, how: (waiting: Waiting<Answer>) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting) how(waiting);
  }

  /** The first reason stands. */
  #end(reason: Error): void {
    this.#ended ??= reason;
    this.#ready?.reject(this.#ended);
    for (const id of [...this.#waiting.keys()]) {
      this.#settle(id, (waiting) => waiting.reject(this.#ended ?? reason));
    }
  }

  /** A process that was killed from outside, or never was ready, says nothing about the model. */
  #reasonOfExit(code: number | null, signal: NodeJS.Signals | null): Error {
    const how = signal ?? `exit code ${code}`;
    const fromOutside = signal === 'SIGKILL' || signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGHUP';
    if (this.#runtime === undefined || fromOutside || code === 0) {
      return new Error(`The scoring process ended by itself (${how}). ${this.#stderr}`.trim());
    }
    if (/heap out of memory/i.test(this.#stderr)) {
      return new OnnxRejection('inference_out_of_memory', `The model needed more than ${this.#memoryMib} MiB.`);
    }
    return new OnnxRejection('inference_failed', `The model made the runtime crash (${how}).`);
  }
}
