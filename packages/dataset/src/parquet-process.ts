import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { AppError } from '@agon/contracts';
import type { NestedValues } from './jsonl-table.ts';
import type { FromParquetChild } from './parquet-protocol.ts';

/** The built script, also when this file runs from `src` (tests): both folders lie beside each other. */
const builtScript = fileURLToPath(new URL('../dist/parquet-child.js', import.meta.url));
const heapMib = 1_536;
const memoryMibMax = 3_072;
const memoryLookMs = 100;
/** A batch has some thousand cells and takes milliseconds, or seconds where pages are huge. */
const batchMsMax = 60_000;
const stderrCharactersMax = 2_000;

type Options = { script?: string; memoryMib?: number; batchMs?: number; nested?: NestedValues | undefined };
type Waiting = { resolve: (message: FromParquetChild) => void; reject: (error: Error) => void };

/** A forked process that reads one Parquet file, with bounds on its memory and time. */
export class ParquetProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #batchMs: number;
  readonly #memoryLook: NodeJS.Timeout;
  #ready = false;
  #waiting: Waiting | null = null;
  /** Why the process was ended, or how it ended. */
  #end: Error | null = null;
  #stderr = '';

  constructor(path: string, options: Options = {}) {
    this.#batchMs = options.batchMs ?? batchMsMax;
    this.#child = fork(options.script ?? builtScript, [path, options.nested ?? 'refused'], {
      env: {},
      execArgv: [`--max-old-space-size=${Math.min(heapMib, options.memoryMib ?? heapMib)}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(0, stderrCharactersMax);
    });
    this.#child.on('message', (message) => this.#receive(message as FromParquetChild));
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => {
        this.#fail(this.#ready ? tooHard() : new Error(`The Parquet reader could not be started: ${this.#stderr}`));
        resolve();
      });
      this.#child.once('error', (error) => {
        this.#fail(new Error('The Parquet reader could not be started.', { cause: error }));
        if (this.#child.pid === undefined) resolve();
      });
    });
    const memoryMib = options.memoryMib ?? memoryMibMax;
    this.#memoryLook = setInterval(() => void this.#lookAtMemory(memoryMib), memoryLookMs);
  }

  /**
   * Asks for the next batch.
   *
   * @throws AppError `dataset_unreadable` where reading takes too much memory or time, or ends the process; Error where
   * the service fails.
   */
  async next(): Promise<FromParquetChild> {
    if (this.#end) throw this.#end;
    const answered = new Promise<FromParquetChild>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    this.#child.send('next', (error) => {
      if (error) this.#fail(error);
    });
    const timer = setTimeout(() => this.#kill(tooHard()), this.#batchMs);
    try {
      return await answered;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Kills the process and waits until it is gone. */
  async close(reason: Error = new Error('The Parquet reader was closed.')): Promise<void> {
    this.#kill(reason);
    await this.#exited;
  }

  #receive(message: FromParquetChild): void {
    if (message.kind === 'ready') {
      this.#ready = true;
      return;
    }
    this.#waiting?.resolve(message);
    this.#waiting = null;
  }

  #kill(reason: Error): void {
    this.#fail(reason);
    this.#child.kill('SIGKILL');
  }

  #fail(reason: Error): void {
    clearInterval(this.#memoryLook);
    this.#end ??= reason;
    this.#waiting?.reject(this.#end);
    this.#waiting = null;
  }

  async #lookAtMemory(memoryMib: number): Promise<void> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'latin1').catch(() => '');
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1];
    if (Number(resident ?? 0) / 1024 > memoryMib) this.#kill(tooHard());
  }
}

const tooHard = (): AppError =>
  new AppError(
    'dataset_unreadable',
    'The Parquet file takes too much memory or time to read: it is damaged, or its pages are too large. Write it again, with smaller row groups and pages, or as CSV.',
  );
