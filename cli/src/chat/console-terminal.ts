import { createInterface, type Interface } from 'node:readline';
import type { ChatTerminal } from './talk.ts';

/**
 * The console as a place to talk. It reads keys itself, so Ctrl-C comes here and not as a signal to the process.
 *
 * @param input what people type; @param output where answers and the prompt go.
 */
export class ConsoleTerminal implements ChatTerminal {
  readonly #lines: Interface;
  readonly #output: NodeJS.WritableStream;
  #stop: (() => void) | undefined;
  #closed = false;

  constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream) {
    this.#output = output;
    this.#lines = createInterface({ input, output, terminal: true, prompt: '> ' });
    this.#lines.on('SIGINT', () => (this.#stop ? this.#stop() : this.close()));
    this.#lines.on('close', () => {
      this.#closed = true;
    });
  }

  readonly ask = (): Promise<string | undefined> => {
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const settle = (line: string | undefined): void => {
        this.#lines.off('line', settle).off('close', leave);
        resolve(line);
      };
      const leave = (): void => settle(undefined);
      this.#lines.once('line', settle).once('close', leave);
      this.#lines.prompt();
    });
  };

  readonly write = (text: string): void => {
    this.#output.write(text);
  };

  readonly onInterrupt = (stop: () => void): (() => void) => {
    this.#stop = stop;
    return () => {
      this.#stop = undefined;
    };
  };

  close(): void {
    this.#lines.close();
  }
}
