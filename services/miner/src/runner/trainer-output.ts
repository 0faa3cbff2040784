import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { limits, Progress } from '@agon/contracts';

const lineBytesMax = 64 * 1024;
const readBytesMax = 1024 * 1024;
/** A trainer that prints more is stopped. */
export const outputBytesMax = 64 * 1024 * 1024;
/** What is kept of a flood until it is stopped. */
export const outputBytesKept = outputBytesMax + 4 * readBytesMax;

/** Follows a trainer's log file: the last progress, and the tail of everything. */
export class TrainerOutput {
  readonly #path: string;
  #offset = 0;
  #bytes = 0;
  #rest = '';
  readonly #decoder = new StringDecoder('utf8');
  #progress: Progress | undefined;
  #tail = '';

  constructor(path: string) {
    this.#path = path;
  }

  get progress(): Progress | undefined {
    return this.#progress;
  }

  get tail(): string {
    return this.#tail;
  }

  /** Bytes that the trainer has printed by the last call of `read`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Reads all that was printed before the trainer ended, as far as it is kept. */
  async readRest(): Promise<void> {
    for (let reads = 0; reads * readBytesMax <= outputBytesKept && this.#offset < this.#bytes; reads += 1)
      await this.read();
  }

  /** Reads what was printed since the last call, at most 1 MiB; a flood is read up over the next calls. */
  async read(): Promise<void> {
    const file = await open(this.#path, 'r').catch(() => undefined);
    if (!file) return;
    try {
      this.#bytes = (await file.stat()).size;
      const { buffer, bytesRead } = await file.read(Buffer.alloc(readBytesMax), 0, readBytesMax, this.#offset);
      this.#offset += bytesRead;
      this.#take(this.#decoder.write(buffer.subarray(0, bytesRead)));
    } finally {
      await file.close();
    }
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-lineBytesMax);
    for (const line of lines) {
      const progress = progressOf(line);
      if (progress) this.#progress = progress;
      else this.#tail += `${line}\n`;
    }
    this.#tail = this.#tail.slice(-limits.logTailBytesMax / 2);
  }
}

/** A line that is a JSON object with a step is progress; anything else is log. */
export function progressOf(line: string): Progress | undefined {
  if (!line.startsWith('{') || line.length > lineBytesMax) return undefined;
  try {
    const parsed = Progress.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
